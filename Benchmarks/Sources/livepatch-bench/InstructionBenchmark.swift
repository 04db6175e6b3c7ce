import Foundation
import LivepatchAPI
import LivepatchKit

/// How many instructions the server executes for each of the hot answers, counted by valgrind's callgrind: they do not depend on what else
/// the machine does. Those that the system executes for it are not among them.
struct InstructionBenchmark {
    let bench: Workbench

    private static let warmUp = 50
    private static let requests = 1_000

    func run() async throws -> [Figure] {
        guard let counter = InstructionCounter() else {
            bench.say(
                "instructions: not measured, since valgrind, binutils or a C compiler is missing (apt-get install valgrind binutils gcc)"
            )
            return []
        }
        let directory = bench.path("instructions")
        let fleet = try await SimulatedFleet(1, in: directory)
        let stores = try Stores(at: directory)
        let secret = try await stores.issueToken()
        try stores.close()
        bench.say("instructions: starting the server under callgrind…")
        let (server, counting) = try await counter.start(bench.server, dataDirectory: directory)
        defer { server.stop() }

        func get(_ path: String) -> [UInt8] {
            Array("GET \(path) HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer \(secret)\r\n\r\n".utf8)
        }
        let answers: [(what: String, request: [UInt8])] = [
            ("download of 4 KiB", get(Paths.patchFile(try SimulatedFleet.fileName))), ("head of a view", get(Paths.syncHead)),
            ("check-in", fleet.checkIn(0)),
        ]
        return try answers.map { what, request in
            bench.say("instructions: \(what)")
            try ask(server, request, Self.warmUp)
            // What the server does besides, once in a while, falls into few of the rounds.
            let counts = try (0..<max(bench.scale.rounds, 3)).map { _ in
                Double(try counting.count { try ask(server, request, Self.requests) }) / Double(Self.requests)
            }
            return Figure("instructions for a \(what)", .number, counts)
        }
    }

    /// Asks again and again on one connection.
    private func ask(_ server: RunningServer, _ request: [UInt8], _ times: Int) throws {
        let crowd = Crowd()
        var (answered, failed) = (0, false)
        let connection = try crowd.open(server.port) { connection, event in
            guard case .answer(let answer) = event, answer.status == 200 else { return failed = true }
            answered += 1
            if answered < times { crowd.send(request, on: connection) }
        }
        crowd.send(request, on: connection)
        let deadline = ContinuousClock.now + .seconds(120)
        while answered < times, !failed, ContinuousClock.now < deadline { crowd.turn(100) }
        guard answered == times else {
            throw LivepatchError(.internalFault, "Only \(answered) of \(times) requests were answered.")
        }
    }
}
