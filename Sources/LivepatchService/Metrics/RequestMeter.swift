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

    /// Looking a timer up is cheaper than having it made again for each request, and mostly it is the one of the last request.
    private struct State {
        var timers: [Key: Metrics.Timer] = [:]
        var last: (key: Key, timer: Metrics.Timer)?
    }

    private let factory: any MetricsFactory
    private let state = Mutex(State())

    init(_ factory: any MetricsFactory) { self.factory = factory }

    /// - Parameters:
    ///   - handler: the route's template; `nil` for what no route answers.
    func record(_ duration: Duration, handler: String?, method: HTTPRequest.Method, code: Int) {
        let key = Key(
            handler: Self.template(handler), method: Self.known.contains(method) ? method.rawValue : "other", code: code)
        let timer = state.withLock { state in
            if let last = state.last, last.key == key { return last.timer }
            let timer = state.timers[key] ?? makeTimer(key, &state)
            state.last = (key, timer)
            return timer
        }
        timer.recordNanoseconds(duration.nanoseconds)
    }

    private func makeTimer(_ key: Key, _ state: inout State) -> Metrics.Timer {
        let timer = Metrics.Timer(
            label: Self.duration, dimensions: [("handler", key.handler), ("method", key.method), ("code", "\(key.code)")],
            factory: factory)
        state.timers[key] = timer
        return timer
    }

    /// The name of what no route answers is the router's own; it is no template.
    private static func template(_ handler: String?) -> String {
        guard let handler, handler.hasPrefix("/") else { return "other" }
        return handler
    }

    /// What a client makes up must not become a label. The most frequent ones come first.
    private static let known: [HTTPRequest.Method] = [.get, .post, .head, .put, .patch, .delete, .options]
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
