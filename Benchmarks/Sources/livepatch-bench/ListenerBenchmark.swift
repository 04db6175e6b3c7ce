import Foundation
import LivepatchAPI
import LivepatchKit

/// What it costs a server that many hold a request open at it.
struct ListenerBenchmark {
    let bench: Workbench

    /// The first ones fill what all share.
    private static let warmUp = 200
    /// So many ask at a time: what is measured is waiting, not a rush.
    private static let atOnce = 100
    private static let idleSeconds = 20

    func run() async throws -> [Figure] {
        let stores = try Stores(at: bench.path("listeners"))
        try stores.close()
        let wanted = Self.warmUp + bench.scale.listeners
        let files = Loopback.raiseFileLimit(to: 2 * wanted + 1024)
        // The server needs two files for each connection that it takes, since any of them may download.
        let count = min(bench.scale.listeners, (files - 256) / 2 - Self.warmUp)
        if count < bench.scale.listeners {
            bench.say("push: only \(count) listeners, since no more than \(files) files may be open (ulimit -n)")
        }
        let server = try await RunningServer(
            bench.server, dataDirectory: bench.path("listeners"),
            settings: [
                "server.max-connections": "\(Self.warmUp + count + 64)", "server.max-connections-per-address": "0",
                // Half of them may be of one token.
                "server.max-waiting-requests": "\(2 * (Self.warmUp + count) + 2)",
            ])
        defer { server.stop() }
        let token = try await server.issueToken("listeners")
        let crowd = Crowd()
        try listen(crowd, server, token, Self.warmUp)
        let before = try server.residentBytes()
        bench.say("push: \(count) listeners")
        try listen(crowd, server, token, count)
        let after = try server.residentBytes()
        let processorBefore = try server.processorSeconds()
        let end = ContinuousClock.now + .seconds(Self.idleSeconds)
        while ContinuousClock.now < end { crowd.turn(100) }
        let processor = (try server.processorSeconds() - processorBefore) / Double(Self.idleSeconds)
        guard crowd.count == Self.warmUp + count else {
            throw LivepatchError(.internalFault, "Of \(Self.warmUp + count) listeners \(crowd.count) are left.")
        }
        return [
            Figure(
                "memory for each of \(bench.scale.listeners) listeners, KiB", .number,
                [Double(after - before) / Double(count) / 1024], target: .atMost(10)),
            Figure("processor time with \(bench.scale.listeners) idle listeners, of one core", .number, [processor]),
        ]
    }

    /// Opens connections, each with a request that is answered until the end; returns when all have begun to be.
    private func listen(_ crowd: Crowd, _ server: RunningServer, _ token: String, _ count: Int) throws {
        let request = Array(
            "GET \(Paths.syncEvents) HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer \(token)\r\n\r\n".utf8)
        var begun = 0
        var refusal: String?
        let deadline = ContinuousClock.now + .seconds(120)
        for first in stride(from: 0, to: count, by: Self.atOnce) {
            let last = min(count, first + Self.atOnce)
            for _ in first..<last {
                var isCounted = false
                let connection = try crowd.open(server.port) { _, event in
                    switch event {
                    case .piece where !isCounted:
                        isCounted = true
                        begun += 1
                    case .piece: break
                    case .answer(let answer): refusal = String(decoding: answer.body, as: UTF8.self)
                    case .closed: refusal = "closed"
                    }
                }
                crowd.send(request, on: connection)
            }
            while begun < last {
                crowd.turn(100)
                guard refusal == nil, ContinuousClock.now < deadline else {
                    throw LivepatchError(.internalFault, "Listener \(begun) was sent away: \(refusal ?? "no answer")")
                }
            }
        }
    }
}
