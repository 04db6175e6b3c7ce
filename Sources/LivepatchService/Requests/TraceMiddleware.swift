import HTTPTypes
import Hummingbird
import LivepatchTracing
import Logging
import Tracing

/// Makes a request a span of the trace that it names, or of a new one, and has all lines that are logged for it say which.
struct TraceMiddleware: RouterMiddleware {
    @concurrent func handle(
        _ request: Request, context: ServiceRequestContext,
        next: @concurrent (Request, ServiceRequestContext) async throws -> Response
    ) async throws -> Response {
        let headers = request.headers
        let received = TracePropagation.received { name in HTTPField.Name(name).flatMap { headers[$0] } }
        return try await withSpan("\(request.method)", context: received, ofKind: .server) { span in
            var context = context
            // For loggers that are the embedder's own, whatever provides their metadata.
            for (name, value) in TracePropagation.current?.metadata ?? [:] { context.logger[metadataKey: name] = value }
            let response = try await next(request, context)
            if span.isRecording {
                // Never the path, which may name a machine, nor the query, which may hold secrets.
                if let route = context.endpointPath {
                    span.operationName = "\(request.method) \(route)"
                    span.attributes["http.route"] = route
                }
                span.attributes["http.request.method"] = request.method.rawValue
                span.attributes["http.response.status_code"] = response.status.code
                if response.status.kind == .serverError { span.setStatus(SpanStatus(code: .error)) }
            }
            return response
        }
    }
}
