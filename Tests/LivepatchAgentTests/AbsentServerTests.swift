import FoundationEssentials
import LivepatchKit
import LivepatchTesting
import Testing

@Suite struct `A machine that boots while its server is away` {
    /// A machine that has had its patch, has checked in so many times, and boots when there is no server.
    private func booted(rounds: Int = 1, _ prepare: (Bench) async throws -> Void = { _ in }) async throws -> Bench {
        let bench = try await Bench()
        try await bench.release("107.1")
        for _ in 0..<rounds {
            try await bench.round()
            bench.clock.advance(by: .seconds(3600))
        }
        try await prepare(bench)
        try await bench.agent().stop()
        bench.kernel.reboot()
        bench.server.goAway()
        return bench
    }

    /// An agent that nobody shows anything.
    private func alone(_ bench: Bench) -> MachineAgent {
        bench.agent(
            view: ProbedUpstream(bench.server.view) { _ in throw LivepatchError(.upstreamUnreachable, "Nobody is there.") })
    }

    @Test(arguments: [1, 3]) func `gets the patch that was proven for it before`(rounds: Int) async throws {
        let bench = try await booted(rounds: rounds)
        let outcome = try await bench.round(alone(bench))
        #expect(outcome.state == .applied && outcome.code == nil && outcome.message == nil)
        #expect(outcome.checkInFailure?.code == .serverUnreachable)
        #expect(outcome.notes.contains { $0.contains("107.1") && $0.contains("away") })
        #expect(bench.kernel.enabled.count == 1 && bench.kernel.insertions.count == 2)
        #expect(await bench.memory.memory().state == .applied)
        // The server is told when it is back, the pings, too.
        bench.server.comeBack()
        #expect(try await bench.round().state == .applied)
        #expect(bench.kernel.insertions.count == 2)
        #expect(bench.server.reports.last?.patchVersion == PatchVersion(107, 1))
        #expect(bench.server.pingKinds.count { $0 == .after } == 2)
    }

    @Test func `gets nothing when what proved it has expired`() async throws {
        let bench = try await booted()
        bench.clock.advance(by: .seconds(2 * 86_400))
        let outcome = try await bench.round(alone(bench))
        #expect(outcome.state == .checkFailed && outcome.code == .serverUnreachable)
        #expect(outcome.notes.contains { $0.contains("is not put in without it") && $0.contains("expired") })
        #expect(bench.kernel.insertions.count == 1)
    }

    @Test func `gets nothing that was revoked`() async throws {
        let bench = try await booted { bench in
            try await bench.block("107.1")
            try await bench.round()
        }
        #expect(try await bench.round(alone(bench)).state == .checkFailed)
        #expect(bench.kernel.insertions.count == 1 && bench.kernel.enabled == [])
    }

    @Test func `gets nothing that the server no longer offered`() async throws {
        let bench = try await booted { bench in
            bench.server.falsify { _, answer in
                var answer = answer
                answer.patch = nil
                return answer
            }
            try await bench.round()
        }
        #expect(try await bench.round(alone(bench)).state == .checkFailed)
        #expect(bench.kernel.insertions.count == 1)
    }

    @Test func `gets nothing that took it down`() async throws {
        let bench = try await booted()
        let running = try await bench.kernel.running()
        await bench.memory.setCrashLock(
            CrashLock(version: PatchVersion(107, 1), kernel: running.kernel, bootID: "boot-before", time: bench.clock.date))
        #expect(try await bench.round(alone(bench)).code == .patchCrashed)
        #expect(bench.kernel.insertions.count == 1)
    }

    @Test func `gets nothing that somebody else signed`() async throws {
        let stranger = try await booted()
        let bench = try await booted()
        await bench.memory.setView(await stranger.memory.view())
        let outcome = try await bench.round(alone(bench))
        #expect(outcome.state == .checkFailed)
        #expect(bench.kernel.insertions.count == 1)
    }

    @Test func `gets nothing if the server is there and refuses it`() async throws {
        let bench = try await booted()
        bench.server.falsify { _, _ in throw LivepatchError(.tokenRefused, "The token was refused.") }
        #expect(try await bench.round(alone(bench)).code == .tokenRefused)
        #expect(bench.kernel.insertions.count == 1)
    }

    @Test func `gets nothing that its disk has lost`() async throws {
        let bench = try await booted()
        let view = await bench.memory.view()
        try await bench.storage.remove(try #require(view).offer.sha256)
        let outcome = try await bench.round(alone(bench))
        #expect(outcome.state == .unapplied && outcome.code == .upstreamUnreachable)
        #expect(bench.kernel.insertions.count == 1)
    }

    @Test func `says what it would do, and does not`() async throws {
        let bench = try await booted()
        let outcome = try await bench.round(alone(bench), isDryRun: true)
        #expect(outcome.wouldDo?.contains("107.1") == true)
        #expect(bench.kernel.insertions.count == 1)
    }
}
