public import LivepatchKit

/// An error on the wire: problem details for HTTP APIs (RFC 9457), `application/problem+json`.
public struct Problem: Hashable, Sendable, Codable {
    public static let mediaType = "application/problem+json"

    /// Always `about:blank` (RFC 9457, section 4.2.1): ``code`` tells problems apart.
    public let type: String
    /// The HTTP status' phrase or the kind of error, in words.
    public let title: String
    /// The HTTP status.
    public let status: Int
    /// What went wrong.
    public let detail: String
    /// The ``LivepatchError/Code``.
    public let code: String
    /// What the reader can do.
    public let suggestion: String?

    public init(_ error: LivepatchError) {
        let disposition = ErrorDisposition(of: error.code)
        type = "about:blank"
        title = error.code.rawValue.split(separator: "-").joined(separator: " ")
        status = disposition.status
        detail = error.message
        code = error.code.rawValue
        suggestion = error.suggestion
    }

    /// The error that the problem describes.
    public var error: LivepatchError {
        LivepatchError(LivepatchError.Code(rawValue: code), detail, suggestion: suggestion)
    }
}
