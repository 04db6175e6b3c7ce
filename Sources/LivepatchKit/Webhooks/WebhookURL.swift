import FoundationEssentials

/// Where a webhook is delivered: an http or https URL with a host. Addresses of the same machine and of private networks are allowed.
public struct WebhookURL: Hashable, Sendable {
    public let rawValue: String

    /// - Throws: ``LivepatchError`` with the code `malformed-value`; the text is not repeated where it may hold a password.
    public init(parsing text: String) throws {
        func refusal(_ reason: String) -> LivepatchError {
            LivepatchError(
                .malformedValue, reason, suggestion: "Write a receiver's URL like https://hooks.example.com/livepatch.")
        }
        guard text.utf8.count <= 2048 else { throw refusal("A webhook's URL has at most 2048 bytes.") }
        guard text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }), let components = URLComponents(string: text) else {
            throw refusal("A webhook's URL must be a URL, percent-encoded where that is needed.")
        }
        guard components.user == nil, components.password == nil else {
            throw refusal("A webhook's URL must not hold a user or a password.")
        }
        guard ["http", "https"].contains(components.scheme?.lowercased()), components.host?.isEmpty == false,
            components.port.map({ (1...65535).contains($0) }) != false
        else { throw refusal("'\(text)' is not an http or https URL with a host.") }
        guard components.fragment == nil else { throw refusal("'\(text)' has a fragment, which no server is told.") }
        rawValue = text
    }

    /// The URL without what may be secret in it: its query, and its path but for the first segment.
    public var redacted: String {
        guard let components = URLComponents(string: rawValue) else { return "…" }
        var shown = URLComponents()
        shown.scheme = components.scheme
        shown.host = components.host
        shown.port = components.port
        let segments = components.percentEncodedPath.split(separator: "/")
        let path = segments.first.map { "/\($0)" } ?? ""
        return "\(shown.string ?? "…")\(path)\(segments.count > 1 || components.query != nil ? "…" : "")"
    }
}

extension WebhookURL: CustomStringConvertible {
    public var description: String { rawValue }
}

extension WebhookURL: TextCodable {}
