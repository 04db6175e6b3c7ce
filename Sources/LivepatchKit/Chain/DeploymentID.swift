/// The name of one server of a chain: generated at its first start, or `patch-sync.id`.
public struct DeploymentID: Hashable, Sendable {
    public let rawValue: String

    /// Reads an id: 1 to 64 letters, digits, `.`, `_` or `-`, beginning with a letter or digit.
    /// - Throws: ``LivepatchError`` with the code `malformed-value`.
    public init(parsing text: String) throws {
        guard text.isName(of: .idCharacters, first: .alphanumerics, atMost: 64) else {
            throw LivepatchError(
                .malformedValue, "'\(text)' is not a deployment's id.",
                suggestion: "An id has 1 to 64 letters, digits, dots, underscores or hyphens, and begins with a letter or digit.")
        }
        rawValue = text
    }
}

extension DeploymentID: CustomStringConvertible {
    public var description: String { rawValue }
}

extension DeploymentID: Comparable {
    public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}

extension DeploymentID: TextCodable {}
