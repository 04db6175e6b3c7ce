/// The build of a kernel for a kind of machine: `generic`, `aws`, `generic-64k`, `cloud-amd64`.
public struct Flavour: Hashable, Sendable {
    public let rawValue: String

    /// Reads a flavour: lower-case letters and digits in groups joined by single hyphens, at most 64 characters.
    /// - Throws: ``LivepatchError`` with the code `malformed-value`.
    public init(parsing text: String) throws {
        guard let flavour = Self(text) else {
            throw LivepatchError(
                .malformedValue, "'\(text)' is not a kernel flavour.",
                suggestion: "Flavours are lower-case words such as generic, aws or generic-64k.")
        }
        self = flavour
    }

    init?(_ text: String) {
        let groups = text.split(separator: "-", omittingEmptySubsequences: false)
        guard text.utf8.count <= 64, groups.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy(Architecture.isLowerAlphanumeric) })
        else { return nil }
        rawValue = text
    }
}

extension Flavour: CustomStringConvertible {
    public var description: String { rawValue }
}

extension Flavour: Comparable {
    public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}

extension Flavour: TextCodable {}
