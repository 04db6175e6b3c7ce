import Hummingbird
import Logging

/// A line for each request at `debug`: method, path (never the query or a header field, which may carry secrets), status and time.
struct AccessLogMiddleware: RouterMiddleware {
    @concurrent func handle(
        _ request: Request, context: ServiceRequestContext,
        next: @concurrent (Request, ServiceRequestContext) async throws -> Response
    ) async throws -> Response {
        guard context.logger.logLevel <= .debug else { return try await next(request, context) }
        let start = ContinuousClock.now
        let response = try await next(request, context)
        let elapsed = ContinuousClock.now - start
        context.logger.debug(
            "Answered a request.",
            metadata: [
                "method": "\(request.method)", "path": "\(LoggedPath(request))", "status": "\(response.status.code)",
                "microseconds": "\(elapsed.components.seconds * 1_000_000 + elapsed.components.attoseconds / 1_000_000_000_000)",
            ])
        return response
    }
}
