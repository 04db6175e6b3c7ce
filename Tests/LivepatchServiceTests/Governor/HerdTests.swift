import Foundation
import HTTPTypes
import HummingbirdTesting
import LivepatchAPI
import LivepatchKit
import MetricsTestKit
import Processes
import Testing

@testable import LivepatchService

@Suite("A herd of machines", .timeLimit(.minutes(2))) struct HerdTests {
    /// What a server of 1000 places and room for 500 has for machines: all that is not kept for others.
    private static let (served, waiting) = (1000 - 100 - 200 - 50, 500 - 2 * 62 - 125)

    @Test func `2,000 machines ask at once, and an administrator blocks a patch before any of those that wait`() async throws {
        _ = OpenFiles.raiseLimit()
        var server = try await ServerUnderTest()
        var limits = ServerLimits()
        limits.queueDeadline = .seconds(100)
        limits.connections.perAddress = 0
        limits.connections.minimumRate = 0
        let governance = Governance(limits, metrics: server.metrics, logger: server.log.logger(label: "governor"))
        server.parts.governance = governance
        let file = try await server.add("livepatch-5.15.0-107.117-generic-107.1-amd64.tar.bz2")
        let session = try await server.session()
        let secret = try await server.authToken("edge", machineLimit: 10_000)
        var tokens: [String] = []
        for number in 0..<2000 {
            let id = try MachineID(parsing: "herd-\(number)")
            guard case .registered(let registration) = try await server.parts.machines.registrar.register(id, with: secret)
            else { continue }
            tokens.append(registration.secret)
        }
        // All of them have been here before.
        try await server.application.test(.router) { [tokens] client in
            for (number, token) in tokens.enumerated() {
                let status = try await client.send(.get, "/v1/client/herd-\(number)/info", token: token).status
                #expect(status == .ok)
            }
            #expect(try await client.send(.get, Paths.tiers, token: session).status == .ok)
        }

        let block = ChangeRequestBody(command: .block(version: file.name.version, reason: "crashes"), dryRun: false)
        let body = String(decoding: try DocumentCoding.encode(block), as: UTF8.self)
        let overloads = try server.metrics.expectCounter(Governor.overload)
        try await RawClient.with(server) { [tokens] port in
            // Whoever is served keeps its place until the body has come.
            let herd = try await Self.aside {
                try tokens.enumerated().map { number, token in
                    let connection = try RawConnection(port: port, patience: 60)
                    try connection.send(
                        "POST /v1/client/herd-\(number)/updates HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \(token)\r\n"
                            + "Content-Length: 2\r\n\r\n")
                    return connection
                }
            }
            func arrived() -> (served: Int, waiting: Int, refused: Int64) {
                let occupancy = governance.governor.occupancy
                return (occupancy.served[.machines] ?? 0, occupancy.waiting[.machines] ?? 0, overloads.totalValue)
            }
            while case let (served, waiting, refused) = arrived(), served + waiting + Int(refused) < 2000 {
                try Task.checkCancellation()
                await Task.yield()
            }
            let before = arrived()
            #expect(before.served == Self.served && before.waiting == Self.waiting)

            let answer = try await RawClient.exchange(
                port,
                "POST \(Paths.changes) HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \(session)\r\nConnection: close\r\n"
                    + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)")
            #expect(answer.hasPrefix("HTTP/1.1 200 "), "\(answer)")
            #expect(try await server.catalog.tierState().state.isBlocked(file.name.version))
            // Nobody of the herd had a turn meanwhile, and nobody was sent away for it.
            #expect(arrived() == before)

            let answers = try await Self.aside {
                for connection in herd { try connection.send("{}") }
                return try herd.map { connection in
                    var answer = ""
                    while !answer.contains("}"), case let part = try connection.receive(), !part.isEmpty {
                        answer += String(decoding: part, as: UTF8.self)
                    }
                    return answer
                }
            }
            let refused = answers.filter { $0.hasPrefix("HTTP/1.1 503 ") }
            #expect(refused.count == 2000 - Self.served - Self.waiting)
            #expect(refused.allSatisfy { Self.retryAfter($0).map { (10...60).contains($0) } == true })
            #expect(Set(refused.map(Self.retryAfter)).count > 1, "they do not come back together")
            #expect(answers.allSatisfy { $0.hasPrefix("HTTP/1.1 ") }, "nobody goes without an answer")
        }
    }

    /// Does what blocks on a thread of its own, so that the server has all the others.
    private static func aside<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread { continuation.resume(with: Result { try body() }) }
        }
    }

    private static func retryAfter(_ answer: String) -> Int? {
        answer.lowercased().firstMatch(of: /retry-after: ([0-9]+)\r\n/).flatMap { Int($0.1) }
    }
}
