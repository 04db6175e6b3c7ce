/// A distribution's release by its name: `jammy`, `bookworm`.
public struct Codename: Hashable, Sendable {
    public let rawValue: String

    /// Reads a name: 1 to 32 letters, digits, `.`, `_` or `-`, beginning with a letter or digit. Capitals become small ones.
    /// - Throws: ``LivepatchError`` with the code `malformed-value`.
    public init(parsing text: String) throws {
        guard text.isName(of: .idCharacters, first: .alphanumerics, atMost: 32) else {
            throw LivepatchError(
                .malformedValue, "'\(text.prefix(64))' is not a distribution's codename.",
                suggestion: "Codenames are words such as jammy or bookworm (VERSION_CODENAME in /etc/os-release).")
        }
        rawValue = text.lowercased()
    }
}

extension Codename: CustomStringConvertible {
    public var description: String { rawValue }
}

extension Codename: Comparable {
    public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}

extension Codename: TextCodable {}
