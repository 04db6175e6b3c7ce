/// What went wrong, for the person who reads it: what failed, for which file, token, tier or server, and what to do.
///
/// Errors are matched by ``code``, never by their text.
public struct LivepatchError: Error, Sendable {
    /// The stable name of this kind of error.
    public let code: Code
    /// One sentence that says what failed and for what.
    public let message: String
    /// One sentence that says what the reader can do, if there is something.
    public let suggestion: String?
    /// The error underneath, if another part of the system reported one.
    public let cause: (any Error)?
    /// How long to wait before trying again, where that is known.
    public let retryAfter: Duration?

    public init(
        _ code: Code, _ message: String, suggestion: String? = nil, cause: (any Error)? = nil, retryAfter: Duration? = nil
    ) {
        self.code = code
        self.message = message
        self.suggestion = suggestion
        self.cause = cause
        self.retryAfter = retryAfter
    }
}

extension LivepatchError: CustomStringConvertible {
    public var description: String {
        [message, suggestion].compactMap { $0 }.joined(separator: " ")
    }
}

extension LivepatchError {
    /// The stable name of a kind of error: lower case words joined by hyphens, the same in Swift, on the wire and in logs.
    public struct Code: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
        public let rawValue: String
        public init(rawValue: String) { self.rawValue = rawValue }
        public var description: String { rawValue }
    }
}
