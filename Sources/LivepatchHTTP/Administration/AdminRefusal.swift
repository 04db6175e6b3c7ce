import AsyncHTTPClient
import LivepatchAPI
import LivepatchKit
import NIOHTTP1

/// Puts what went wrong with an administrator's request into words and codes.
struct AdminRefusal: Sendable {
    /// Method and URL, as they were asked: `GET http://localhost:8080/v1/admin/tiers`.
    private let asked: String
    private let origin: String

    init(_ request: HTTPClientRequest) {
        asked = "\(request.method) \(request.url)"
        origin = Origin(url: request.url)?.description ?? request.url
    }

    /// What answers is not a server of this kind.
    func foreign(_ reason: String, cause: (any Error)? = nil) -> LivepatchError {
        LivepatchError(
            .serverUnreachable, "\(origin) does not answer like a Livepatch server: \(reason) (\(asked)).",
            suggestion: "Check the server's URL (LIVEPATCH_URL).", cause: cause)
    }

    func error(_ failure: TransportFailure) -> LivepatchError {
        switch failure.kind {
        case .cancelled:
            LivepatchError(.cancelled, "The request was cancelled (\(asked)).", cause: failure.cause)
        case .malformed:
            foreign(failure.reason, cause: failure.cause)
        case .unreachable, .timeout:
            LivepatchError(
                .serverUnreachable, "The server \(origin) cannot be reached: \(failure.reason) (\(asked)).",
                suggestion: failure.suggestion ?? "Check that it runs, and that its URL (LIVEPATCH_URL) is right.",
                cause: failure.cause)
        }
    }

    /// The server's own words where it has some, otherwise what its status means.
    func error(_ answer: Answer) async -> LivepatchError {
        if let problem = await ProblemReading.problem(answer) { return BusyServer.noting(problem.tracedError, answer) }
        let status = UpstreamRefusal.text(answer.status)
        switch answer.status.code {
        case 300...399:
            let target = answer.field("location").flatMap(Origin.init(url:))?.description
            return LivepatchError(
                .serverUnreachable, "\(origin) redirects to \(target ?? "somewhere") (\(asked)).",
                suggestion: "Set the server's URL (LIVEPATCH_URL) to the address that it redirects to.")
        case 401, 403:
            return LivepatchError(
                .loginRequired, "\(origin) answered \(status) (\(asked)).", suggestion: "Run 'livepatch-admin login'.")
        case 404:
            return LivepatchError(
                .notFound, "\(origin) has no such resource (\(asked)).",
                suggestion: "Check that the server's URL (LIVEPATCH_URL) is that of a Livepatch server, and its release.")
        case 429, 503:
            return LivepatchError(
                .unavailable, "\(origin) is busy: \(status) (\(asked)).", suggestion: "Try again in a moment.")
        default:
            return foreign("it answered \(status)")
        }
    }
}
