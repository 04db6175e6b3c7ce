import FoundationEssentials
import LivepatchKit
import LivepatchTesting
import PatchGenerator
import Synchronization
import Testing

@Suite struct `An agent keeps its machine safe` {
    private let refusal = LivepatchError(.kernelRefused, "The kernel did not take the module: symbol 'x' not found.")

    /// The machine went down with a version: its lock is still there when it boots.
    private func crash(_ bench: Bench, with text: String) async throws {
        let running = try await bench.kernel.running()
        let lock = CrashLock(
            version: try PatchVersion(parsing: text), kernel: running.kernel, bootID: running.bootID, time: bench.clock.date)
        bench.kernel.reboot()
        await bench.memory.setCrashLock(lock)
    }

    // MARK: Crashes

    @Test func `from a patch that took it down`() async throws {
        let bench = try await Bench()
        try await bench.release("107.1")
        try await bench.round()
        // Nobody stopped the agent: the lock stays.
        try await crash(bench, with: "107.1")
        for _ in 0..<2 {
            let outcome = try await bench.round()
            #expect(outcome.state == .applyFailed && outcome.code == .patchCrashed)
            #expect(outcome.message?.contains("went down after patch 107.1") == true)
            #expect(bench.kernel.insertions.count == 1)
        }
        #expect(bench.server.reports.last?.patchState == .applyFailed)
        #expect(bench.server.reports.last?.attemptedVersion == PatchVersion(107, 1))
        // Not even after another boot.
        bench.kernel.reboot()
        #expect(try await bench.round().code == .patchCrashed)
        // A newer one is taken, and the old one stays out when that is withdrawn.
        try await bench.release("108.1")
        #expect(try await bench.round().state == .applied)
        try await bench.block("108.1")
        #expect(try await bench.round().code == .patchCrashed)
        #expect(bench.kernel.enabled == [])
        #expect(bench.kernel.insertions.count == 2)
    }

    @Test func `unless somebody insists`() async throws {
        let bench = try await Bench()
        try await bench.release("107.1")
        try await crash(bench, with: "107.1")
        #expect(try await bench.round().code == .patchCrashed)
        #expect(try await bench.round(force: true).state == .applied)
        #expect(bench.kernel.insertions.count == 1)
    }

    @Test func `and does not take an orderly stop or a long life for a crash`() async throws {
        let bench = try await Bench()
        try await bench.release("107.1")
        try await bench.round()
        try await bench.agent().stop()
        bench.kernel.reboot()
        #expect(try await bench.round().state == .applied)
        bench.kernel.run(for: .seconds(1_000))
        _ = try await bench.agent().watch()
        bench.kernel.reboot()
        #expect(try await bench.round().state == .applied)
    }

    @Test func `and watches again after a stop in mid-watch`() async throws {
        let bench = try await Bench()
        try await bench.release("107.1")
        try await bench.round()
        try await bench.agent().stop()
        #expect(await bench.memory.crashLock() == nil)
        _ = try await bench.agent().watch()
        #expect(await bench.memory.crashLock()?.version == PatchVersion(107, 1))
    }

    // MARK: What the kernel refuses

    @Test func `when the kernel refuses a module`() async throws {
        let bench = try await Bench()
        try await bench.release("107.1")
        var manner = SimulatedKernel.Manner()
        manner.refusal = refusal
        bench.kernel.setManner(manner, of: try await bench.module("107.1"))
        let outcome = try await bench.round()
        #expect(outcome.state == .applyFailed && outcome.message?.contains("symbol 'x'") == true)
        #expect(bench.server.reports.last?.message == outcome.message)
        // It is no crash.
        #expect(await bench.memory.crashLock() == nil)
        bench.kernel.reboot()
        #expect(try await bench.round().code == .kernelRefused)
        try await bench.release("107.2")
        #expect(try await bench.round().state == .applied)
    }

    @Test func `and keeps the older patch when a newer one is refused`() async throws {
        let bench = try await Bench()
        try await bench.release("107.1")
        try await bench.round()
        var manner = SimulatedKernel.Manner()
        manner.refusal = refusal
        bench.kernel.setManner(manner, of: try await bench.module("108.1"))
        try await bench.release("108.1")
        let outcome = try await bench.round()
        #expect(outcome.state == .applyFailed && outcome.attempted == PatchVersion(108, 1))
        #expect(try await bench.kernel.enabled == [bench.module("107.1")])
        let report = try #require(bench.server.reports.last)
        #expect(report.patchVersion == PatchVersion(107, 1) && report.attemptedVersion == PatchVersion(108, 1))
        // The older one is not proven yet, so that its lock is back.
        #expect(await bench.memory.crashLock()?.version == PatchVersion(107, 1))
    }

    @Test func `from a module of the same name that it did not load`() async throws {
        let bench = try await Bench()
        try await bench.release("107.1")
        bench.kernel.load(try await bench.module("107.1"))
        // One that is no live patch is out of the way at once; the kernel says so if it is not.
        #expect(try await bench.round().state == .applied)
    }

    // MARK: Revocation

    @Test func `by taking a revoked patch back`() async throws {
        let bench = try await Bench()
        try await bench.release("107.1")
        try await bench.round()
        try await bench.block("107.1", reason: "It hangs.")
        let outcome = try await bench.round()
        #expect(outcome.state == .nothingToApply)
        #expect(outcome.message?.contains("revoked (It hangs.) and has been taken back") == true, "\(outcome.message ?? "")")
        #expect(bench.kernel.enabled.isEmpty && bench.kernel.modules.isEmpty)
        #expect(bench.server.reports.last?.patchVersion == nil)
        #expect(await bench.memory.crashLock() == nil)
        #expect(await bench.memory.memory().applied == nil)
    }

    @Test func `by going back to an older good one`() async throws {
        let bench = try await Bench()
        try await bench.release("107.1")
        try await bench.release("108.1")
        try await bench.round()
        try await bench.block("108.1")
        #expect(try await bench.round().state == .applied)
        let module = try await bench.module("107.1")
        #expect(bench.kernel.enabled == [module] && bench.kernel.modules == [module])
        #expect(bench.server.reports.last?.patchVersion == PatchVersion(107, 1))
    }

    @Test func `by taking it back even if what is offered instead fails`() async throws {
        let bench = try await Bench()
        try await bench.release("107.1")
        try await bench.round()
        try await bench.release("108.1", fault: .notLivepatch)
        try await bench.block("107.1")
        let outcome = try await bench.round()
        #expect(outcome.state == .applyFailed && outcome.attempted == PatchVersion(108, 1))
        #expect(outcome.message?.contains("has been taken back") == true)
        #expect(bench.kernel.enabled.isEmpty)
    }

    @Test func `and says when a reboot is needed for it`() async throws {
        let bench = try await Bench()
        try await bench.release("107.1")
        var manner = SimulatedKernel.Manner()
        manner.isRemovable = false
        bench.kernel.setManner(manner, of: try await bench.module("107.1"))
        try await bench.round()
        try await bench.block("107.1")
        for _ in 0..<2 {
            let outcome = try await bench.round()
            #expect(outcome.state == .appliedWithBug)
            #expect(outcome.message?.contains("A reboot is needed") == true)
        }
        #expect(bench.server.reports.last?.patchState == .appliedWithBug)
        #expect(bench.server.reports.last?.patchVersion == PatchVersion(107, 1))
        bench.kernel.reboot()
        #expect(try await bench.round().state == .nothingToApply)
    }

    @Test func `and believes no revocation that nobody published`() async throws {
        let bench = try await Bench()
        try await bench.release("107.1")
        try await bench.round()
        bench.server.falsify { _, answer in
            var answer = answer
            answer.revoked = true
            answer.patch = nil
            return answer
        }
        #expect(try await bench.round().state == .applied)
        #expect(bench.kernel.enabled.count == 1)
    }

    // MARK: Without a server

    @Test func `while the server is away`() async throws {
        let bench = try await Bench()
        try await bench.release("107.1")
        bench.server.goAway()
        var outcome = try await bench.round()
        #expect(outcome.state == .checkFailed && outcome.checkInFailure?.code == .serverUnreachable)
        bench.server.comeBack()
        try await bench.round()
        bench.server.goAway()
        outcome = try await bench.round()
        #expect(outcome.state == .applied)
        #expect(await bench.memory.memory().checkInFailure == "The server cannot be reached.")
        #expect(bench.kernel.enabled.count == 1)
    }

    @Test func `and puts in what it has fetched already without fetching it again`() async throws {
        let bench = try await Bench()
        try await bench.release("107.1")
        try await bench.round()
        try await bench.agent().stop()
        bench.kernel.reboot()
        let withoutContent = ProbedUpstream(bench.server.view) { step in
            if case .content = step { throw LivepatchError(.upstreamUnreachable, "no content") }
        }
        #expect(try await bench.round(bench.agent(view: withoutContent)).state == .applied)
    }

    @Test func `and waits for content that cannot be had now`() async throws {
        let bench = try await Bench()
        try await bench.release("107.1")
        let withoutContent = ProbedUpstream(bench.server.view) { step in
            if case .content = step { throw LivepatchError(.upstreamUnreachable, "no content") }
        }
        let outcome = try await bench.round(bench.agent(view: withoutContent))
        #expect(outcome.state == .unapplied && outcome.code == .upstreamUnreachable)
        #expect(try await bench.round().state == .applied)
    }
}
