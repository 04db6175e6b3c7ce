/// A name compared by its bytes.
///
/// Swift's strings are equal if they look the same; to a signature, a hash and a file system `é` in one and in two code points
/// are two names, and so they are here.
struct ExactName: Hashable, Sendable, Comparable {
    let text: String

    init(_ text: String) { self.text = text }

    static func == (one: Self, other: Self) -> Bool { one.text.isExactly(other.text) }

    static func < (one: Self, other: Self) -> Bool { one.text.utf8.lexicographicallyPrecedes(other.text.utf8) }

    func hash(into hasher: inout Hasher) {
        for byte in text.utf8 { hasher.combine(byte) }
        hasher.combine(0xFF as UInt8)
    }
}

extension String {
    /// Whether both consist of the same bytes.
    func isExactly(_ other: String) -> Bool { utf8.elementsEqual(other.utf8) }
}
