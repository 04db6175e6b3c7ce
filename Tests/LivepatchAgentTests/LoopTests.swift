import FoundationEssentials
@testable import LivepatchKit
import LivepatchTesting
import Synchronization
import Testing

@Suite struct `An agent's service` {
    /// Runs a loop on passing time until it has told so many outcomes.
    private func outcomes(
        _ count: Int, of bench: Bench, bell: Bell = Bell(), jitter: Double = 1,
        before: @escaping @Sendable (Int) -> Void = { _ in }
    ) async -> [MachineRound.Outcome] {
        let told = Mutex<[MachineRound.Outcome]>([])
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self)
        let loop = MachineLoop(bench.agent(), bell: bell, clock: bench.clock, jitter: { jitter }) { outcome in
            let number = told.withLock { told in
                told.append(outcome)
                return told.count
            }
            before(number)
            if number == count { continuation.finish() }
        }
        let running = Task { await bench.clock.passingTime { await loop.run() } }
        for await _ in stream {}
        running.cancel()
        await running.value
        return told.withLock { Array($0.prefix(count)) }
    }

    @Test func `asks again when the server says so`() async throws {
        let bench = try await Bench()
        try await bench.release("107.1")
        let begin = bench.clock.date
        let outcomes = await outcomes(3, of: bench)
        #expect(outcomes.map(\.state) == [.applied, .applied, .applied])
        #expect(bench.clock.date.timeIntervalSince(begin) >= 7_200)
        #expect(bench.kernel.insertions.count == 1)
    }

    @Test func `asks again at once when it hears of a change`() async throws {
        let bench = try await Bench()
        try await bench.release("107.1")
        let begin = bench.clock.date
        let bell = Bell()
        let outcomes = await outcomes(3, of: bench, bell: bell) { _ in bell.ring() }
        #expect(outcomes.count == 3)
        #expect(bench.clock.date.timeIntervalSince(begin) < 3_600, "an interval would be an hour")
    }

    @Test func `comes back with growing patience, and touches nothing before the first answer`() async throws {
        let bench = try await Bench()
        try await bench.release("107.1")
        bench.server.goAway()
        let begin = bench.clock.date
        let outcomes = await outcomes(5, of: bench) { number in
            if number == 4 { bench.server.comeBack() }
        }
        #expect(outcomes.map(\.state) == [.checkFailed, .checkFailed, .checkFailed, .checkFailed, .applied])
        // 30, 60, 120 and 240 seconds with the greatest jitter.
        #expect(bench.clock.date.timeIntervalSince(begin) >= 450)
        #expect(bench.kernel.insertions.count == 1)
    }

    @Test func `comes back to a busy server no sooner than that asked for, and not all at once`() async throws {
        let bench = try await Bench()
        let busy = LivepatchError(
            .serverOverloaded, "The server has more requests than it can serve at once.",
            retryAfter: .seconds(500))
        bench.server.goAway(with: busy)
        let begin = bench.clock.date
        let outcomes = await outcomes(3, of: bench, jitter: 0.5) { number in
            if number == 2 { bench.server.comeBack() }
        }
        #expect(outcomes.map(\.checkInFailure?.code) == [.serverOverloaded, .serverOverloaded, nil])
        // Twice what was asked for, and half of 30 and of 60 seconds.
        #expect(bench.clock.date.timeIntervalSince(begin) >= 1045)
    }

    @Test func `waits anything up to a bound that doubles up to an hour`() async throws {
        let bench = try await Bench()
        for (failures, bound) in [(1, 30), (2, 60), (5, 480), (8, 3600), (1_000, 3600)] {
            for jitter in [0.0, 0.25, 1] {
                let loop = MachineLoop(bench.agent(), jitter: { jitter })
                #expect(loop.backoff(failures) == .seconds(Double(bound) * jitter))
            }
        }
    }

    @Test func `goes on though the kernel cannot be told`() async throws {
        let bench = try await Bench()
        try await bench.release("107.1")
        bench.kernel.setFailure(LivepatchError(.kernelUnrecognized, "It is not one."))
        let running = Task {
            await bench.clock.passingTime { await MachineLoop(bench.agent(), clock: bench.clock, jitter: { 1 }).run() }
        }
        try await eventually { bench.clock.date.timeIntervalSince1970 > 1_800_000_100 }
        #expect(bench.kernel.insertions.isEmpty)
        #expect(await bench.memory.memory().state == .unknown)
        bench.kernel.setFailure(nil)
        try await eventually { !bench.kernel.insertions.isEmpty }
        running.cancel()
        await running.value
    }
}

/// Waits until a condition holds.
private func eventually(
    within limit: Duration = .seconds(60), sourceLocation: SourceLocation = #_sourceLocation, _ condition: () -> Bool
) async throws {
    let deadline = ContinuousClock.now + limit
    while !condition() {
        if ContinuousClock.now > deadline {
            Issue.record("The condition did not come true within \(limit).", sourceLocation: sourceLocation)
            return
        }
        await Task.yield()
    }
}
