/// The machine that an ELF object is for: `e_machine` with the object's width and byte order.
public struct ModuleMachine: Hashable, Sendable {
    /// `e_machine`: 62 for x86-64.
    public let number: UInt16
    /// 32 or 64.
    public let bits: Int
    public let isLittleEndian: Bool

    public init(number: UInt16, bits: Int, isLittleEndian: Bool) {
        self.number = number
        self.bits = bits
        self.isLittleEndian = isLittleEndian
    }

    public static let amd64 = Self(number: 62, bits: 64, isLittleEndian: true)
    public static let arm64 = Self(number: 183, bits: 64, isLittleEndian: true)
    public static let s390x = Self(number: 22, bits: 64, isLittleEndian: false)
    public static let ppc64el = Self(number: 21, bits: 64, isLittleEndian: true)

    private static let architectures: [Self: Architecture] = [
        .amd64: .amd64, .arm64: .arm64, .s390x: .s390x, .ppc64el: .ppc64el,
    ]

    /// The machine of an architecture; `nil` for one whose modules this project has never seen.
    public init?(_ architecture: Architecture) {
        guard let known = Self.architectures.first(where: { $0.value == architecture }) else { return nil }
        self = known.key
    }

    /// Debian's name for it; `nil` for a machine whose name this project does not know.
    public var architecture: Architecture? { Self.architectures[self] }
}

extension ModuleMachine: CustomStringConvertible {
    /// Debian's name, or `ELF machine 20 (64 bits, big endian)`.
    public var description: String {
        architecture?.description ?? "ELF machine \(number) (\(bits) bits, \(isLittleEndian ? "little" : "big") endian)"
    }
}
