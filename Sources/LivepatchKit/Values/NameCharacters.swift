/// The ASCII characters that a kind of name is made of.
///
/// Names are checked byte by byte, not with regular expressions: those are compiled anew for each name, which takes longer than
/// everything else that is done with one.
struct NameCharacters: Sendable {
    private var low: UInt64 = 0
    private var high: UInt64 = 0

    /// - Parameter characters: all of them, in ASCII; others are left out.
    init(_ characters: String) {
        for byte in characters.utf8 {
            if byte < 64 { low |= 1 << UInt64(byte) } else if byte < 128 { high |= 1 << UInt64(byte - 64) }
        }
    }

    func contains(_ byte: UInt8) -> Bool {
        byte < 64 ? low & 1 << UInt64(byte) != 0 : byte < 128 && high & 1 << UInt64(byte - 64) != 0
    }

    static func + (left: Self, right: Self) -> Self {
        var both = left
        both.low |= right.low
        both.high |= right.high
        return both
    }

    static let digits = NameCharacters("0123456789")
    static let smallLetters = NameCharacters("abcdefghijklmnopqrstuvwxyz")
    static let letters = smallLetters + NameCharacters("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    static let alphanumerics = letters + digits
    static let hexadecimals = digits + NameCharacters("abcdef")
    static let idCharacters = alphanumerics + NameCharacters("._-")
    static let machineIDCharacters = idCharacters + NameCharacters(":")
    static let tierCharacters = smallLetters + digits + NameCharacters("-")
}

extension StringProtocol {
    /// Whether this is a name of 1 to that many characters of a kind.
    /// - Parameter first: what it may begin with; `nil` for all of them.
    func isName(of characters: NameCharacters, first: NameCharacters? = nil, atMost limit: Int) -> Bool {
        guard let beginning = utf8.first, utf8.count <= limit, (first ?? characters).contains(beginning) else { return false }
        return utf8.dropFirst().allSatisfy(characters.contains)
    }
}
