import LivepatchKit
import ScriptedServer
import Synchronization

/// One way in which an upstream goes wrong, and what a downstream has to make of it.
struct SpoiledAnswers: Sendable {
    /// What happens, as the end of "an upstream that …".
    let name: String
    /// How the first sync ends, and with which error.
    let result: SyncReport.Result
    let code: LivepatchError.Code?
    /// - Parameter number: which request for the spoiled file or document it is, from 1.
    let spoil: @Sendable (_ answer: ScriptedAnswer, _ length: Int, _ number: Int) -> ScriptedAnswer
    /// The path that is spoiled; `nil` for the first file that is asked for.
    var path: String?

    /// What an ``ObservedUpstream`` does to its answers.
    func spoiling() -> ObservedUpstream.Spoiling {
        let state = Mutex((path: path, count: 0))
        return { request, answer in
            let number: Int? = state.withLock { state in
                if state.path == nil, ObservedUpstream.Fetch(request) != nil { state.path = request.path }
                guard state.path == request.path else { return nil }
                state.count += 1
                return state.count
            }
            guard let number else { return answer }
            return spoil(
                answer, answer.steps.reduce(0) { if case .bytes(let bytes) = $1 { $0 + bytes.count } else { $0 } }, number)
        }
    }

    private static func once(
        _ name: String, path: String? = nil, _ spoil: @escaping @Sendable (ScriptedAnswer, Int) -> ScriptedAnswer
    ) -> Self {
        Self(
            name: name, result: .complete, code: nil,
            spoil: { answer, length, number in number == 1 ? spoil(answer, length) : answer }, path: path)
    }

    /// What a sync gets over by itself.
    static let passing: [Self] = [
        .once("closes in the middle of a file") { $0.truncated(after: $1 / 2) },
        .once("resets in the middle of a file") { $0.reset(after: $1 / 2) },
        .once("closes without an answer") { _, _ in .silence },
        .once("stalls in the middle of a file") { $0.stalled(after: $1 / 2) },
        .once("stalls before the first byte") { answer, _ in answer.stalled(after: 0) },
        .once("sends other content of the same length") { $0.corrupted(at: $1 / 2) },
        .once("answers 500") { _, _ in .status(500, Array("no".utf8)) },
        .once("answers 503 with Retry-After") { _, _ in .status(503, headers: [("Retry-After", "1")]) },
        .once("answers 429 with Retry-After") { _, _ in .status(429, headers: [("Retry-After", "1")]) },
        .once("closes in the middle of a document", path: "/v1/sync/revocations") { $0.truncated(after: $1 / 2) },
        .once("closes in the middle of signed metadata", path: "/v1/sync/metadata/tiers/edge/timestamp.json") {
            $0.truncated(after: $1 / 2)
        },
        .once("answers 500 for its head", path: "/v1/sync/head") { _, _ in .status(500) },
    ]

    /// What ends a file, or the sync.
    static let lasting: [Self] = [
        Self(
            name: "announces less than its documents do", result: .partial, code: .upstreamMalformed,
            spoil: { answer, length, _ in answer.claiming(length: Int64(length - 10)) }),
        Self(
            name: "announces more than its documents do", result: .partial, code: .upstreamMalformed,
            spoil: { answer, length, _ in answer.claiming(length: Int64(length + 10)) }),
        Self(
            name: "sends more than it announced in its documents", result: .partial, code: .upstreamMalformed,
            spoil: { answer, _, _ in
                var answer = answer.header("Transfer-Encoding", "chunked")
                answer.steps.append(.bytes([UInt8](repeating: 7, count: 1000)))
                return answer
            }),
        Self(
            name: "continues with other bytes than were asked for", result: .partial, code: .upstreamMalformed,
            spoil: { answer, length, number in
                number == 1
                    ? answer.truncated(after: length / 2) : answer.header("Content-Range", "bytes 7-\(length + 6)/\(length + 7)")
            }),
        Self(
            name: "has other content under a name", result: .partial, code: .upstreamMalformed,
            spoil: { answer, length, _ in .ok([UInt8](repeating: 1, count: length)) }),
        Self(
            name: "has lost a file", result: .partial, code: .upstreamLacks,
            spoil: { _, _, _ in .status(404) }),
        Self(
            name: "answers its head with something else", result: .failed, code: .upstreamMalformed,
            spoil: { _, _, _ in .ok(Array("<html>It works!</html>".utf8)) }, path: "/v1/sync/head"),
        Self(
            name: "sends another document than its head names", result: .failed, code: nil,
            spoil: { _, _, _ in .ok(Array("{}".utf8)) }, path: "/v1/sync/revocations"),
        Self(
            name: "changes a byte of signed metadata", result: .failed, code: .upstreamUntrusted,
            spoil: { answer, length, _ in answer.corrupted(at: length / 2) },
            path: "/v1/sync/metadata/tiers/edge/timestamp.json"),
        Self(
            name: "does not know the token any more", result: .failed, code: .upstreamRefusedToken,
            spoil: { _, _, _ in .status(401) }, path: "/v1/sync/head"),
        Self(
            name: "answers nothing but 500", result: .failed, code: .upstreamFailed,
            spoil: { _, _, _ in .status(500) }, path: "/v1/sync/head"),
    ]
}

extension SpoiledAnswers: CustomStringConvertible {
    var description: String { name }
}
