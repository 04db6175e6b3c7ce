import FoundationEssentials
import LivepatchKit
import LivepatchTesting
import PatchGenerator
import Synchronization
import Testing

@Suite struct `An agent applies patches` {
    @Test func `from the check-in to the report`() async throws {
        let bench = try await Bench()
        let file = try await bench.release("107.1")
        let outcome = try await bench.round()
        #expect(outcome.state == .applied && outcome.message == nil)
        #expect(try await bench.kernel.enabled == [bench.module("107.1")])
        #expect(bench.server.reports.map(\.patchState) == [.needsCheck, .applied])
        #expect(bench.server.reports.map(\.patchVersion) == [nil, PatchVersion(107, 1)])
        #expect(bench.server.pingKinds == [.before, .after, .transition])
        // What is not applied is never told to be.
        #expect(bench.server.pings.map(\.patchState) == [.unapplied, .unapplied, .applied])
        let memory = await bench.memory.memory()
        #expect(memory.applied?.file == file)
        #expect(memory.applied?.isSettled == true)
        #expect(try await bench.storage.length(of: file.digest) == file.length)
    }

    @Test func `once`() async throws {
        let bench = try await Bench()
        try await bench.release("107.1")
        for _ in 0..<3 { #expect(try await bench.round().state == .applied) }
        #expect(bench.kernel.insertions.count == 1)
        // One report a round after the first: nothing has changed.
        #expect(bench.server.reports.count == 4)
    }

    @Test func `and says nothing to apply where there is nothing`() async throws {
        let bench = try await Bench()
        let outcome = try await bench.round()
        #expect(outcome.state == .nothingToApply)
        #expect(outcome.message == "This server knows no patch for that kernel.")
        #expect(bench.server.reports.map(\.patchState) == [.needsCheck, .nothingToApply])
        try await bench.round()
        #expect(bench.server.reports.count == 3)
    }

    @Test func `and replaces an older cumulative one`() async throws {
        let bench = try await Bench()
        try await bench.release("107.1")
        try await bench.round()
        try await bench.release("108.1")
        #expect(try await bench.round().state == .applied)
        let module = try await bench.module("108.1")
        #expect(bench.kernel.enabled == [module] && bench.kernel.modules == [module])
        #expect(await bench.memory.memory().applied?.version == PatchVersion(108, 1))
        // The older one's file is not needed any more.
        var contents: [StoredContent] = []
        for try await content in try await bench.storage.contents() { contents.append(content) }
        #expect(contents.count == 1)
    }

    @Test func `and leaves one that the new one does not replace`() async throws {
        let bench = try await Bench()
        try await bench.release("107.1")
        try await bench.round()
        var manner = SimulatedKernel.Manner()
        manner.replaces = false
        bench.kernel.setManner(manner, of: try await bench.module("108.1"))
        try await bench.release("108.1")
        #expect(try await bench.round().state == .applied)
        #expect(try await bench.kernel.enabled == [bench.module("107.1"), bench.module("108.1")])
    }

    @Test func `and again after a reboot, but not before the server was asked`() async throws {
        let bench = try await Bench()
        try await bench.release("107.1")
        try await bench.round()
        try await bench.agent().stop()
        bench.kernel.reboot()
        _ = try await bench.agent().watch()
        #expect(bench.kernel.insertions.count == 1)
        #expect(try await bench.round().state == .applied)
        #expect(bench.kernel.insertions.count == 2)
        // It said at once that nothing is applied any more.
        #expect(bench.server.reports.dropFirst(2).first?.patchVersion == nil)
    }

    @Test func `and again if somebody took it out`() async throws {
        let bench = try await Bench()
        try await bench.release("107.1")
        try await bench.round()
        bench.kernel.takeOut(try await bench.module("107.1"))
        #expect(try await bench.round().state == .applied)
        #expect(bench.kernel.insertions.count == 2)
    }

    @Test func `and never what is older than what is applied`() async throws {
        let bench = try await Bench()
        let old = try await bench.release("107.1")
        try await bench.release("108.1")
        try await bench.round()
        bench.server.falsify { _, answer in
            var answer = answer
            answer.patch = CheckInAnswer.Offer(old, url: "")
            return answer
        }
        let outcome = try await bench.round()
        #expect(outcome.state == .checkFailed && outcome.code == .upstreamUntrusted)
        #expect(outcome.message?.contains("older than what is applied") == true)
        #expect(try await bench.kernel.enabled == [bench.module("108.1")])
    }

    @Test func `and follows a transition that does not end`() async throws {
        let bench = try await Bench()
        try await bench.release("107.1")
        var manner = SimulatedKernel.Manner()
        manner.looks = 1_000_000
        bench.kernel.setManner(manner, of: try await bench.module("107.1"))
        let outcome = try await bench.round()
        #expect(outcome.state == .unapplied)
        #expect(outcome.message?.contains("sleeper (812)") == true)
        #expect(bench.server.reports.last?.patchVersion == nil)
        #expect(bench.server.reports.last?.attemptedVersion == PatchVersion(107, 1))
        // It is looked at again soon, and not put in a second time.
        #expect(try await bench.agent().watch() == .seconds(10))
        #expect(try await bench.round().state == .unapplied)
        #expect(bench.kernel.insertions.count == 1)
        bench.kernel.settle()
        _ = try await bench.agent().watch()
        #expect(await bench.memory.memory().state == .applied)
        #expect(try await bench.round().state == .applied)
        #expect(bench.server.reports.last?.patchVersion == PatchVersion(107, 1))
        #expect(bench.kernel.insertions.count == 1)
    }

    // MARK: Watching

    @Test func `and watches over them for a quarter of an hour`() async throws {
        let bench = try await Bench()
        try await bench.release("107.1")
        // The lock is there before the kernel sees a byte.
        let lock = Mutex<CrashLock?>(nil)
        var manner = SimulatedKernel.Manner()
        manner.afterwards = { [memory = bench.memory] _ in
            let present = memory.presentLock
            lock.withLock { $0 = present }
        }
        bench.kernel.setManner(manner, of: try await bench.module("107.1"))
        try await bench.round()
        #expect(lock.withLock { $0 }?.version == PatchVersion(107, 1))
        #expect(lock.withLock { $0 }?.bootID == "boot-1")

        #expect(try await bench.agent().watch() == .seconds(60))
        bench.kernel.run(for: .seconds(61))
        #expect(try await bench.agent().watch() == .seconds(239))
        #expect(await bench.memory.crashLock() != nil)
        bench.kernel.run(for: .seconds(840))
        #expect(try await bench.agent().watch() == nil)
        #expect(bench.server.pingKinds == [.before, .after, .transition, .oneMinute, .fiveMinutes, .fifteenMinutes])
        #expect(bench.server.pings.suffix(3).allSatisfy { $0.patchState == .applied })
        #expect(await bench.memory.crashLock() == nil)
        // Each is told once.
        _ = try await bench.agent().watch()
        #expect(bench.server.pings.count == 6)
    }

    @Test func `and tells a fault of the kernel`() async throws {
        let bench = try await Bench()
        try await bench.release("107.1")
        try await bench.round()
        bench.kernel.fault()
        bench.kernel.run(for: .seconds(70))
        _ = try await bench.agent().watch()
        #expect(bench.server.pings.last?.patchState == .appliedWithBug)
        // It stays so until the next boot.
        #expect(try await bench.round().state == .appliedWithBug)
        #expect(bench.server.reports.last?.patchState == .appliedWithBug)
        try await bench.agent().stop()
        bench.kernel.reboot()
        #expect(try await bench.round().state == .applied)
    }

    @Test func `and does not blame a patch for what was before it`() async throws {
        let bench = try await Bench()
        try await bench.release("107.1")
        bench.kernel.fault()
        try await bench.round()
        _ = try await bench.agent().watch()
        #expect(await bench.memory.memory().state == .applied)
    }

    @Test func `and keeps pings while the server is away`() async throws {
        let bench = try await Bench()
        try await bench.release("107.1")
        bench.server.failPings(LivepatchError(.serverUnreachable, "away"))
        try await bench.round()
        #expect(bench.server.pings.isEmpty)
        bench.server.failPings(nil)
        try await bench.round()
        #expect(bench.server.pingKinds == [.before, .after, .transition])
        #expect(await bench.memory.memory().pings.isEmpty)
    }

    @Test func `and drops pings that the server does not want`() async throws {
        let bench = try await Bench()
        try await bench.release("107.1")
        bench.server.failPings(LivepatchError(.malformedRequest, "no"))
        #expect(try await bench.round().state == .applied)
        #expect(await bench.memory.memory().pings.isEmpty)
    }
}
