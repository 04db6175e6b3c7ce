/// A machine's architecture by its Debian name: `amd64`, `arm64`, `s390x`, `ppc64el`.
public struct Architecture: Hashable, Sendable {
    public let rawValue: String

    /// Reads an architecture: lower-case letters and digits, at most 32 characters. Architectures that this project does not
    /// know are accepted.
    /// - Throws: ``LivepatchError`` with the code `malformed-value`.
    public init(parsing text: String) throws {
        guard let architecture = Self(text) else {
            throw LivepatchError(
                .malformedValue, "'\(text)' is not an architecture.",
                suggestion: "Architectures have Debian's names, such as amd64, arm64, s390x or ppc64el.")
        }
        self = architecture
    }

    init?(_ text: String) {
        guard (1...32).contains(text.utf8.count), text.utf8.allSatisfy(Self.isLowerAlphanumeric) else { return nil }
        rawValue = text
    }

    public static let amd64 = Self(known: "amd64")
    public static let arm64 = Self(known: "arm64")
    public static let s390x = Self(known: "s390x")
    public static let ppc64el = Self(known: "ppc64el")

    private init(known: String) { rawValue = known }

    static func isLowerAlphanumeric(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }
}

extension Architecture: CustomStringConvertible {
    public var description: String { rawValue }
}

extension Architecture: Comparable {
    public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}

extension Architecture: TextCodable {}
