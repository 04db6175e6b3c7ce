import Foundation
import Processes
import ScriptedServer
import Synchronization

/// Somebody between a downstream and its upstream: passes everything on, remembers it, and changes answers as it is told.
final class MiddleServer: Sendable {
    /// - Parameter answer: what the upstream says.
    /// - Returns: what the downstream is told.
    typealias Tampering = @Sendable (_ path: String, _ answer: RawAnswer) -> RawAnswer

    private struct State {
        var tampering: Tampering = { _, answer in answer }
        var seen: [String: RawAnswer] = [:]
    }

    private let server: ScriptedServer
    private let state: Box

    private final class Box: Sendable {
        let state = Mutex(State())
    }

    private init(_ server: ScriptedServer, _ state: Box) {
        self.server = server
        self.state = state
    }

    static func start(before upstream: RunningServer) async throws -> MiddleServer {
        let box = Box()
        let server = try await ScriptedServer.start { request in
            let left = ["host", "connection", "content-length"]
            let headers = Dictionary(request.headers.filter { !left.contains($0.name.lowercased()) }) { first, _ in first }
            let truth = try await ask(upstream.port, request.method, request.target, headers)
            let told = box.state.withLock { state in
                let told = state.tampering(request.path, truth)
                if truth.status == 200 { state.seen[request.path] = truth }
                return told
            }
            let hopByHop = ["connection", "content-length", "transfer-encoding", "keep-alive", "date"]
            return .status(told.status, told.body, headers: told.headers.filter { !hopByHop.contains($0.name) })
        }
        return MiddleServer(server, box)
    }

    var url: String { server.url }

    /// What was passed on so far: the last answer to each path.
    var seen: [String: RawAnswer] { state.state.withLock { $0.seen } }

    /// From now on every answer passes through this.
    func tamper(_ tampering: @escaping Tampering) { state.state.withLock { $0.tampering = tampering } }

    func stop() async { await server.stop() }
}

extension RawAnswer {
    /// The same answer with other bytes.
    func with(_ body: [UInt8]) -> RawAnswer {
        RawAnswer(status: status, headers: headers.filter { $0.name != "etag" }, body: body)
    }

    /// The same answer with some text in it replaced.
    func replacing(_ text: String, with other: String) -> RawAnswer {
        with(Array(self.text.replacingOccurrences(of: text, with: other).utf8))
    }
}
