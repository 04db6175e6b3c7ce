import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import ScriptedServer
import Synchronization

/// A server between a downstream and its upstream. It passes everything on, remembers which bytes of which file were asked for, holds
/// syncs back at their first request until it is told, and spoils answers as it is told.
final class ObservedUpstream: Sendable {
    typealias Spoiling = @Sendable (ScriptedRequest, ScriptedAnswer) async throws -> ScriptedAnswer

    /// A file that was asked for.
    struct Fetch: Hashable, Sendable {
        let file: String
        /// The first byte that was wanted.
        let offset: Int64
    }

    private let server: ScriptedServer
    private let state: State

    private final class State: Sendable {
        /// Open when syncs may begin.
        let start = Gate()
        let spoiling = Mutex<Spoiling>({ _, answer in answer })
    }

    private init(server: ScriptedServer, state: State) {
        self.server = server
        self.state = state
    }

    /// Begins to pass requests on to an upstream.
    /// - Parameter holding: whether syncs are held back until ``release()``.
    static func start(before upstream: String, holding: Bool = false) async throws -> ObservedUpstream {
        let state = State()
        if !holding { state.start.open() }
        let server = try await ScriptedServer.start { request in
            if request.path == "/v1/sync/head" { await state.start.wait() }
            let answer = try await pass(request, to: upstream)
            let spoil = state.spoiling.withLock { $0 }
            return try await spoil(request, answer)
        }
        return ObservedUpstream(server: server, state: state)
    }

    /// What to set `patch-sync.upstream-url` to.
    var url: String { server.url }

    /// What was asked for so far, in order.
    var requests: [ScriptedRequest] { server.requests }
    var fetches: [Fetch] { requests.compactMap(Fetch.init) }

    /// Lets syncs begin.
    func release() { state.start.open() }

    /// Changes all further answers; a new spoiling replaces the one before.
    func spoil(_ spoiling: @escaping Spoiling) { state.spoiling.withLock { $0 = spoiling } }

    func stop() async {
        release()
        await server.stop()
    }

    private static func pass(_ request: ScriptedRequest, to upstream: String) async throws -> ScriptedAnswer {
        var asked = HTTPClientRequest(url: upstream + request.target)
        asked.method = .init(rawValue: request.method)
        let dropped = ["host", "connection", "content-length", "transfer-encoding", "accept-encoding"]
        for header in request.headers where !dropped.contains(header.name.lowercased()) {
            asked.headers.add(name: header.name, value: header.value)
        }
        let answer = try await HTTPClient.shared.execute(asked, timeout: .seconds(30))
        let body = try await answer.body.collect(upTo: 64 << 20)
        let headers = answer.headers.filter {
            !["connection", "content-length", "transfer-encoding"].contains($0.name.lowercased())
        }
        return .status(Int(answer.status.code), Array(body.readableBytesView), headers: headers.map { ($0.name, $0.value) })
    }
}

extension ObservedUpstream.Fetch {
    /// `nil` for a request for something else than a file.
    init?(_ request: ScriptedRequest) {
        let folder = "/v1/patches/"
        guard request.path.hasPrefix(folder), request.method == "GET" else { return nil }
        let range = request.header("Range")?.wholeMatch(of: /bytes=([0-9]+)-/)
        self.init(file: String(request.path.dropFirst(folder.count)), offset: range.flatMap { Int64($0.1) } ?? 0)
    }
}
