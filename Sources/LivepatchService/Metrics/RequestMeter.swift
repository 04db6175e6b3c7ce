import HTTPTypes
import Hummingbird
import Metrics
import Synchronization

/// Measures requests: `livepatch_server_http_request_duration_seconds{handler, method, code}`.
final class RequestMeter: Sendable {
    static let duration = "livepatch_server_http_request_duration_seconds"

    private struct Key: Hashable {
        let handler: String
        let method: String
        let code: Int
    }

    private let factory: any MetricsFactory
    /// Looking a timer up here is cheaper than having it made again for each request.
    private let timers = Mutex<[Key: Metrics.Timer]>([:])

    init(_ factory: any MetricsFactory) { self.factory = factory }

    /// - Parameters:
    ///   - handler: the route's template; `nil` for what no route answers.
    func record(_ duration: Duration, handler: String?, method: HTTPRequest.Method, code: Int) {
        let key = Key(
            handler: Self.template(handler), method: Self.known.contains(method) ? method.rawValue : "other", code: code)
        let timer = timers.withLock { timers in
            if let timer = timers[key] { return timer }
            let timer = Metrics.Timer(
                label: Self.duration,
                dimensions: [("handler", key.handler), ("method", key.method), ("code", "\(code)")], factory: factory)
            timers[key] = timer
            return timer
        }
        timer.recordNanoseconds(duration.nanoseconds)
    }

    /// The name of what no route answers is the router's own; it is no template.
    private static func template(_ handler: String?) -> String {
        guard let handler, handler.hasPrefix("/") else { return "other" }
        return handler
    }

    /// What a client makes up must not become a label.
    private static let known: Set<HTTPRequest.Method> = [.get, .head, .post, .put, .patch, .delete, .options]
}

/// Measures every request with a ``RequestMeter``.
struct RequestMetricsMiddleware: RouterMiddleware {
    private let meter: RequestMeter

    init(_ meter: RequestMeter) { self.meter = meter }

    @concurrent func handle(
        _ request: Request, context: ServiceRequestContext,
        next: @concurrent (Request, ServiceRequestContext) async throws -> Response
    ) async throws -> Response {
        let start = ContinuousClock.now
        let response = try await next(request, context)
        meter.record(
            ContinuousClock.now - start, handler: context.endpointPath, method: request.method, code: response.status.code)
        return response
    }
}

extension Duration {
    /// Whole nanoseconds; those of 292 years at most.
    var nanoseconds: Int64 {
        let (seconds, attoseconds) = components
        return min(seconds, 9_000_000_000) * 1_000_000_000 + attoseconds / 1_000_000_000
    }
}
