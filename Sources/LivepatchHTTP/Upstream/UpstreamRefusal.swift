import FoundationEssentials
import LivepatchAPI
import LivepatchKit
import NIOHTTP1

/// Puts what went wrong with a request to an upstream into words and codes.
struct UpstreamRefusal: Sendable {
    /// Whom: a URL without credentials.
    let asked: String
    /// What was asked for, to stand after "for".
    let subject: String
    /// Whether it was the upstream itself, and not a server that it redirects to.
    let isUpstream: Bool

    /// Whether every upstream has what was asked for, so that one which does not is something else.
    private let isUniversal: Bool

    init(asked: String, for subject: String, isUpstream: Bool = true, isUniversal: Bool = false) {
        self.isUniversal = isUniversal
        self.asked = asked
        self.subject = subject
        self.isUpstream = isUpstream
    }

    private var who: String {
        isUpstream ? "The upstream \(asked)" : "The server \(asked), to which the upstream redirects,"
    }

    /// - Parameter reason: a clause such as "it announces 7 bytes where 9 are due".
    func malformed(_ reason: String) -> LivepatchError {
        LivepatchError(.upstreamMalformed, "\(who) cannot be used for \(subject): \(reason).")
    }

    func error(_ failure: TransportFailure, arrived: Int64? = nil, of length: Int64? = nil) -> LivepatchError {
        let place = arrived.flatMap { arrived in length.map { ", after \(arrived) of \($0) bytes" } } ?? ""
        let code: LivepatchError.Code =
            switch failure.kind {
            case .unreachable: .upstreamUnreachable
            case .timeout: .upstreamTimeout
            case .malformed: .upstreamMalformed
            case .cancelled: .cancelled
            }
        return LivepatchError(
            code, "\(who) was asked for \(subject), but \(failure.reason)\(place).", suggestion: failure.suggestion,
            cause: failure.cause)
    }

    /// What an answer that is not the wanted one means. Reads a little of its body, for what the server says itself.
    /// - Returns: a ``LivepatchError``, or an ``UpstreamBusy``.
    func error(_ answer: Answer) async -> any Error {
        let problem = await ProblemReading.problem(answer)
        let words = problem.map { ": \($0.detail)" } ?? "."
        let status = answer.status
        switch status.code {
        case 401 where isUpstream:
            return LivepatchError(
                .upstreamRefusedToken,
                "The upstream \(asked) refuses the sync token: it has expired, was revoked, or was mistyped\(words)",
                suggestion:
                    "Run 'livepatch-admin sync-tokens list' on the upstream to see which, and set patch-sync.token to a token that is active."
            )
        case 403 where problem?.code == LivepatchError.Code.clientCertificateRequired.rawValue:
            return LivepatchError(
                .clientCertificateRequired, "\(who) asks downstreams for a TLS client certificate, and was shown none.",
                suggestion:
                    "Set patch-sync.client-certificate and patch-sync.client-key to a certificate that its administrator has issued."
            )
        case 404, 410:
            return LivepatchError(
                .upstreamLacks, "\(who) does not have \(subject), or does not show it to this token\(words)",
                suggestion: isUniversal ? "Check that patch-sync.upstream-url is the address of a Livepatch server." : nil)
        case 429, 503:
            let now = answer.field("date").flatMap(RetryAfter.date) ?? Date()
            return UpstreamBusy(
                retryAfter: RetryAfter.duration(answer.field("retry-after"), now: now),
                error: LivepatchError(
                    .upstreamFailed, "\(who) is busy (\(Self.text(status))) and was asked for \(subject)\(words)"))
        case 300...399 where status != .notModified:
            return LivepatchError(
                .upstreamMalformed,
                "\(who) redirects \(subject) to \(answer.field("location").flatMap(Origin.init(url:))?.description ?? "somewhere"); only content may be elsewhere.",
                suggestion: "Set patch-sync.upstream-url to the address that it redirects to.")
        case 400...:
            return LivepatchError(.upstreamFailed, "\(who) answered \(Self.text(status)) when asked for \(subject)\(words)")
        default:
            return malformed("it answered \(Self.text(status))")
        }
    }

    static func text(_ status: HTTPResponseStatus) -> String { "\(status.code) \(status.reasonPhrase)" }
}
