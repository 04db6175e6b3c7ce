/// What a machine calls itself: an id derived from its `/etc/machine-id`, which it does not tell.
public struct MachineID: Hashable, Sendable {
    public let rawValue: String

    /// Reads an id: 1 to 128 letters, digits, `.`, `_`, `:` or `-`, beginning with a letter or digit.
    /// - Throws: ``LivepatchError`` with the code `malformed-value`.
    public init(parsing text: String) throws {
        guard text.isName(of: .machineIDCharacters, first: .alphanumerics, atMost: 128) else {
            throw LivepatchError(
                .malformedValue, "'\(text.prefix(160))' is not a machine's id.",
                suggestion:
                    "An id has 1 to 128 letters, digits, dots, underscores, colons or hyphens, and begins with a letter or digit."
            )
        }
        rawValue = text
    }
}

extension MachineID: CustomStringConvertible {
    public var description: String { rawValue }
}

extension MachineID: TextCodable {}
