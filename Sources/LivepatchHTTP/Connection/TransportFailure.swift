import AsyncHTTPClient
import LivepatchKit
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// Why an exchange with a server came to no end, before it is told in the words of whoever asked.
struct TransportFailure: Error {
    enum Kind {
        /// No connection, or it broke.
        case unreachable
        case timeout
        /// The answer is not HTTP.
        case malformed
        case cancelled
    }

    let kind: Kind
    /// A clause without a period: "it refuses the connection".
    let reason: String
    let suggestion: String?
    let cause: (any Error)?

    init(_ kind: Kind, _ reason: String, suggestion: String? = nil, cause: (any Error)? = nil) {
        self.kind = kind
        self.reason = reason
        self.suggestion = suggestion
        self.cause = cause
    }

    /// - Parameter proxy: the proxy on the way, for the message.
    init(_ error: any Error, timeouts: ConnectionTimeouts, proxy: Proxy?) {
        switch error {
        case let failure as TransportFailure: self = failure
        case is CancellationError: self.init(.cancelled, "the operation was cancelled", cause: error)
        case let error as HTTPClientError: self.init(error, timeouts: timeouts, proxy: proxy)
        case let error as NIOConnectionError: self.init(error, proxy: proxy)
        case let error as IOError:
            self.init(
                .unreachable, "\(proxy.map { "the proxy \($0.name)" } ?? "it") cannot be reached: \(Self.reason(error))",
                cause: error)
        case ChannelError.connectTimeout:
            self.init(.timeout, "no connection was made within \(Self.text(timeouts.connect))", cause: error)
        case is ChannelError: self.init(.unreachable, "the connection broke", cause: error)
        case is NIOSSLError, is NIOSSLExtraError, is BoringSSLError: self.init(tls: error)
        case HTTPParserError.invalidEOFState: self.init(.unreachable, "the connection broke in mid-answer", cause: error)
        case is HTTPParserError:
            self.init(.malformed, "the answer is not HTTP (\(error))", suggestion: Self.perhapsTLS, cause: error)
        default: self.init(.unreachable, "the connection failed (\(error))", cause: error)
        }
    }

    private init(_ error: HTTPClientError, timeouts: ConnectionTimeouts, proxy: Proxy?) {
        let way = proxy.map { " through the proxy \($0.name)" } ?? ""
        switch error {
        case .cancelled: self.init(.cancelled, "the operation was cancelled", cause: error)
        case .connectTimeout, .getConnectionFromPoolTimeout, .tlsHandshakeTimeout, .httpProxyHandshakeTimeout:
            self.init(.timeout, "no connection was made within \(Self.text(timeouts.connect))\(way)", cause: error)
        case .deadlineExceeded, .readTimeout:
            self.init(.timeout, "no answer came within \(Self.text(timeouts.idle))", cause: error)
        case .writeTimeout:
            self.init(.timeout, "it took no more bytes within \(Self.text(timeouts.idle))", cause: error)
        case .proxyAuthenticationRequired:
            self.init(
                .unreachable, "the proxy \(proxy?.name ?? "") asks for a user and a password",
                suggestion: "Write them into the proxy's URL: http://user:password@host:port.", cause: error)
        case .invalidProxyResponse:
            self.init(.unreachable, "the proxy \(proxy?.name ?? "") does not open a tunnel to it", cause: error)
        case .remoteConnectionClosed: self.init(.unreachable, "the connection broke", cause: error)
        default: self.init(.unreachable, "the connection failed (\(error))", cause: error)
        }
    }

    private init(_ error: NIOConnectionError, proxy: Proxy?) {
        let way = proxy.map { "the proxy \($0.name)" }
        if error.dnsAError != nil || error.dnsAAAAError != nil, error.connectionErrors.isEmpty {
            self.init(.unreachable, "the name \(error.host) cannot be resolved", cause: error)
        } else if let first = error.connectionErrors.first?.error {
            let reason = (first as? IOError).map { Self.reason($0) } ?? "\(first)"
            self.init(.unreachable, "\(way ?? "it") cannot be connected to: \(reason)", cause: error)
        } else {
            self.init(.unreachable, "\(way ?? "it") cannot be connected to", cause: error)
        }
    }

    /// The system's words, without the name of the call that failed.
    private static func reason(_ error: IOError) -> String { String(cString: strerror(error.errnoCode)) }

    static func text(_ duration: Duration) -> String { DurationText.text(duration) }
}
