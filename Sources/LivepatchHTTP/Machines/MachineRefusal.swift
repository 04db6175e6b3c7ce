import AsyncHTTPClient
import LivepatchAPI
import LivepatchKit
import NIOHTTP1

/// Puts what went wrong with a machine's request into words and codes.
struct MachineRefusal: Sendable {
    static let enableAnew =
        "The auth token that the machine was attached with was revoked, or the machine was forgotten. Ask the server's administrator for an auth token, and run 'livepatch-agent enable' with it."

    /// Method and URL, as they were asked.
    private let asked: String
    private let origin: String
    private let isRegistration: Bool

    /// - Parameter isRegistration: whether the token is an auth token.
    init(_ request: HTTPClientRequest, isRegistration: Bool) {
        asked = "\(request.method) \(request.url)"
        origin = Origin(url: request.url)?.description ?? request.url
        self.isRegistration = isRegistration
    }

    /// - Throws: ``LivepatchError`` with the code `malformed-value` for what cannot be sent as a token.
    static func check(_ token: String, _ kind: String) throws {
        guard (1...512).contains(token.utf8.count), token.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw LivepatchError(
                .malformedValue, "The \(kind) is empty, too long or has characters that no token has.",
                suggestion: "Copy it again from where 'livepatch-admin auth-token' printed it.")
        }
    }

    /// What answers is not a server of this kind.
    func foreign(_ reason: String, cause: (any Error)? = nil) -> LivepatchError {
        LivepatchError(
            .serverUnreachable, "\(origin) does not answer like a Livepatch server: \(reason) (\(asked)).",
            suggestion: "Check the server's URL (--server).", cause: cause)
    }

    func error(_ failure: TransportFailure) -> LivepatchError {
        switch failure.kind {
        case .cancelled: LivepatchError(.cancelled, "The request was cancelled (\(asked)).", cause: failure.cause)
        case .malformed: foreign(failure.reason, cause: failure.cause)
        case .unreachable, .timeout:
            LivepatchError(
                .serverUnreachable, "The server \(origin) cannot be reached: \(failure.reason) (\(asked)).",
                suggestion: failure.suggestion ?? "It is tried again by itself; check the network, and that the server runs.",
                cause: failure.cause)
        }
    }

    /// The server's own words where it has some, otherwise what its status means.
    func error(_ answer: Answer) async -> LivepatchError {
        if let problem = await ProblemReading.problem(answer) {
            guard problem.code == LivepatchError.Code.tokenRefused.rawValue else {
                return BusyServer.noting(problem.error, answer)
            }
            return LivepatchError(.tokenRefused, problem.detail, suggestion: suggestion)
        }
        let status = UpstreamRefusal.text(answer.status)
        switch answer.status.code {
        case 300...399:
            let target = answer.field("location").flatMap(Origin.init(url:))?.description
            return LivepatchError(
                .serverUnreachable, "\(origin) redirects to \(target ?? "somewhere") (\(asked)).",
                suggestion: "Attach the machine to the address that it redirects to.")
        case 401, 403: return LivepatchError(.tokenRefused, "\(origin) answered \(status) (\(asked)).", suggestion: suggestion)
        case 429, 503:
            return BusyServer.noting(
                LivepatchError(
                    .unavailable, "\(origin) is busy: \(status) (\(asked)).", suggestion: "It is tried again by itself."), answer)
        case 500...599:
            return LivepatchError(
                .unavailable, "\(origin) failed: \(status) (\(asked)).",
                suggestion: "It is tried again by itself; the server's log says why.")
        default: return foreign("it answered \(status)")
        }
    }

    private var suggestion: String {
        isRegistration
            ? "It was mistyped, has expired, or was revoked: ask for another one ('livepatch-admin auth-token ID TIER')."
            : Self.enableAnew
    }
}
