/// The name of a tier: lower-case letters, digits and hyphens, beginning with a letter, at most 63 characters.
public struct TierName: Hashable, Sendable {
    public let rawValue: String

    /// - Throws: ``LivepatchError`` with the code `malformed-value`.
    public init(parsing text: String) throws {
        guard text.isName(of: .tierCharacters, first: .smallLetters, atMost: 63), !text.hasSuffix("-") else {
            throw LivepatchError(
                .malformedValue, "'\(text)' is not a tier's name.",
                suggestion:
                    "Tier names are lower-case letters, digits and hyphens, begin with a letter and have at most 63 characters.")
        }
        rawValue = text
    }
}

extension TierName: CustomStringConvertible {
    public var description: String { rawValue }
}

extension TierName: TextCodable {}
