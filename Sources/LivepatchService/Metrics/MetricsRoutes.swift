import Crypto
import FoundationEssentials
import HTTPTypes
import Hummingbird
import LivepatchAPI
import LivepatchKit
import NIOCore

/// The metrics, for Prometheus.
struct MetricsRoutes: Sendable {
    /// Prometheus' text format. Not OpenMetrics, which would have every counter's name end in `_total`, and so other names than those
    /// that dashboards read.
    static let mediaType = "text/plain; version=0.0.4; charset=utf-8"

    let exposition: MetricsExposition
    let security: SecurityLog
    let now: @Sendable () -> Date
    /// Prometheus comes every few seconds.
    private let acceptances = RecentAcceptances<String>(pause: 86_400)

    init(exposition: MetricsExposition, security: SecurityLog, now: @escaping @Sendable () -> Date) {
        self.exposition = exposition
        self.security = security
        self.now = now
    }

    func add(to routes: Routes) {
        // Whoever has the token is nobody that the server knows otherwise.
        routes.on(.get, Paths.metrics, for: .everybody, read)
    }

    @Sendable private func read(_ request: Request, _ context: ServiceRequestContext) async throws -> Response {
        if let token = exposition.token {
            let presented = BearerToken(in: request)?.secret
            // Digests are compared in constant time.
            guard let presented, SHA256.hash(data: Array(presented.utf8)) == SHA256.hash(data: Array(token.utf8)) else {
                security.record(.metricsRefused(presented: presented != nil), request)
                throw LivepatchError(
                    .tokenRefused, "The metrics of this server are not for everybody.",
                    suggestion: "Send the token that server.metrics.token holds as a bearer token.")
            }
            if acceptances.isNews("", at: now()) { security.record(.metricsAccepted, request) }
        }
        return Response(
            status: .ok, headers: [.contentType: Self.mediaType, .cacheControl: "no-store"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: await exposition.text())))
    }
}
