import FoundationEssentials
public import LivepatchKit

/// Where a list goes on, as the member `next` of one page says it and the query parameter `cursor` of the next request repeats it. What it
/// is made of is the server's business.
public struct PageCursor: Hashable, Sendable {
    /// What stands on the wire: base64url (RFC 4648, section 5) without padding.
    public let rawValue: String
    /// The key of the last item that was told.
    public let key: String

    public init(key: String) {
        self.key = key
        rawValue = Data(key.utf8).base64EncodedString().filter { $0 != "=" }.replacing("+", with: "-").replacing("/", with: "_")
    }

    /// - Throws: ``LivepatchError`` with the code `malformed-request` for what no server has said.
    public init(parsing text: String) throws {
        let padded =
            text.replacing("-", with: "+").replacing("_", with: "/")
            + String(repeating: "=", count: (4 - text.utf8.count % 4) % 4)
        guard (1...1024).contains(text.utf8.count), let bytes = Data(base64Encoded: padded),
            let key = String(validating: bytes, as: UTF8.self),
            Self(key: key).rawValue == text
        else { throw Self.refusal }
        self.init(key: key)
    }

    /// What is said of a cursor that fits no list, or no longer fits this one.
    public static let refusal = LivepatchError(
        .malformedRequest, "The query parameter 'cursor' is not one that this list goes on at.",
        suggestion: "Leave it out to begin anew; what it was is in 'next' of the page before.")
}
