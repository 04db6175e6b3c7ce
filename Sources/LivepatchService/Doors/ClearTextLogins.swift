import Hummingbird
import LivepatchAPI
import Logging
import NIOCore

/// Says so in the log whenever somebody on another machine has logged in over a connection that others can read.
struct ClearTextLogins: RouterMiddleware {
    @concurrent func handle(
        _ request: Request, context: ServiceRequestContext,
        next: @concurrent (Request, ServiceRequestContext) async throws -> Response
    ) async throws -> Response {
        let response = try await next(request, context)
        guard request.uri.path.hasPrefix(Paths.login), response.status == .ok, request.method == .post,
            let remote = context.channel.remoteAddress, !Self.isLoopback(remote)
        else { return response }
        context.logger.warning(
            "A password came in the clear: whoever shares the network has read it. Set server.tls.certificate, or log in over https, and change the password.",
            metadata: ["remote": "\(remote.ipAddress ?? "unknown")"])
        return response
    }

    static func isLoopback(_ address: SocketAddress) -> Bool {
        guard let text = address.ipAddress?.lowercased() else { return true }
        // IPv4 through a socket of IPv6 (RFC 4291, section 2.5.5.2).
        let plain = text.hasPrefix("::ffff:") ? String(text.dropFirst(7)) : text
        return plain == "::1" || plain.hasPrefix("127.")
    }
}
