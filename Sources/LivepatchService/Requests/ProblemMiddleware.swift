import HTTPTypes
import Hummingbird
import LivepatchAPI
import LivepatchKit
import Logging
import NIOCore
import NIOHTTP1

/// Makes every error a problem (RFC 9457), and every answer carry the server's release. The cause of a fault goes to the log, never
/// into the answer.
struct ProblemMiddleware: RouterMiddleware {
    private let paths: KnownPaths

    init(paths: KnownPaths) { self.paths = paths }

    @concurrent func handle(
        _ request: Request, context: ServiceRequestContext,
        next: @concurrent (Request, ServiceRequestContext) async throws -> Response
    ) async throws -> Response {
        var response: Response
        do {
            response = try await next(request, context)
        } catch let error as HTTPParserError {
            throw error
        } catch {
            response = self.response(to: error, request, context.logger)
        }
        if let field = HTTPField.Name(HeaderNames.serverVersion) { response.headers[field] = Release.version }
        return request.method == .head ? response.createHeadResponse() : response
    }

    private func response(to error: any Error, _ request: Request, _ logger: Logger) -> Response {
        let known = livepatchError(error, request)
        let disposition = ErrorDisposition(of: known.code)
        var metadata: Logger.Metadata = [
            "code": "\(known.code)", "method": "\(request.method)", "path": "\(LoggedPath(request))",
        ]
        if let cause = known.cause { metadata["cause"] = "\(cause)" }
        logger.log(level: disposition.severity.level, "\(known.message)", metadata: metadata)
        var response = Answers.problem(Self.isOfTheServer(known.code) ? concealed(known) : known)
        if known.code == .methodNotAllowed {
            response.headers[.allow] = paths.methods(at: request.uri.path).map(\.rawValue).joined(separator: ", ")
        }
        return response
    }

    private func livepatchError(_ error: any Error, _ request: Request) -> LivepatchError {
        switch error {
        case let error as LivepatchError: return error
        case let error as HTTPError: return httpError(error.status, request)
        case let error as any HTTPResponseError: return httpError(error.status, request)
        case is CancellationError: return LivepatchError(.unavailable, "The server is stopping.", cause: error)
        default: return LivepatchError(.internalFault, "A request failed in a way that nobody foresaw.", cause: error)
        }
    }

    private func httpError(_ status: HTTPResponse.Status, _ request: Request) -> LivepatchError {
        switch status {
        case .notFound where !paths.methods(at: request.uri.path).isEmpty:
            LivepatchError(.methodNotAllowed, "The path does not take the method \(request.method).")
        case .notFound: LivepatchError(.notFound, "There is nothing at this path.")
        case .contentTooLarge: LivepatchError(.requestTooLarge, "The request's body is too large.")
        case _ where status.kind == .clientError:
            LivepatchError(.malformedRequest, "The request cannot be read: \(status.reasonPhrase.lowercased()).")
        default: LivepatchError(.internalFault, "A request failed with the status \(status.code).")
        }
    }

    /// Whether an error is about this server's own condition, which its log explains to whoever may know.
    static func isOfTheServer(_ code: LivepatchError.Code) -> Bool {
        ErrorDisposition(of: code).status == 500 || code == .databaseUnavailable
    }

    /// What a stranger may know of a fault of this server's own: its kind. The messages name places on the server.
    private func concealed(_ error: LivepatchError) -> LivepatchError {
        LivepatchError(
            error.code, "The server could not do this because of a fault of its own.",
            suggestion: "The server's log says what it is.")
    }
}

extension ErrorDisposition.Severity {
    /// The level of log lines about an error of this severity; callers' mistakes are for whoever looks closely.
    var level: Logger.Level {
        switch self {
        case .information: .debug
        case .warning: .warning
        case .error: .error
        }
    }
}
