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
    /// The id of the trace that the request belonged to, under which the server's log has more (32 hexadecimal digits).
    public let trace: String?

    /// - Parameter trace: the id of the trace that the request belonged to.
    public init(_ error: LivepatchError, trace: String? = nil) {
        self.trace = trace
        let disposition = ErrorDisposition(of: error.code)
        type = "about:blank"
        title = error.code.rawValue.split(separator: "-").joined(separator: " ")
        status = disposition.status
        detail = error.message
        code = error.code.rawValue
        suggestion = error.suggestion
    }

    /// The error that the problem describes, with the trace under which the server's log has more about it, where the log tells such
    /// things: what is only the caller's mistake stands in no log.
    public var tracedError: LivepatchError {
        let disposition = ErrorDisposition(of: error.code)
        guard let trace, trace.utf8.count == 32, trace.allSatisfy(\.isHexDigit),
            disposition.severity != .information || disposition.status == 401 || disposition.status == 403
        else { return error }
        let hint = "The server's log has more under the trace \(trace)."
        return LivepatchError(error.code, error.message, suggestion: [suggestion, hint].compactMap { $0 }.joined(separator: " "))
    }

    /// The error that the problem describes.
    public var error: LivepatchError {
        LivepatchError(LivepatchError.Code(rawValue: code), detail, suggestion: suggestion)
    }
}
