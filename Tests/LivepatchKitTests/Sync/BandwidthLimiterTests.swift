import LivepatchKit
import LivepatchTesting
import Testing

@Suite struct BandwidthLimiterTests {
    @Test(arguments: [nil, 0, -5] as [Int64?])
    func `without a bound nobody waits`(bound: Int64?) async throws {
        let clock = ManualClock()
        let limiter = BandwidthLimiter(bytesPerSecond: bound, clock: clock)
        for _ in 0..<10 { try await limiter.admit(1 << 30) }
        #expect(clock.sleeps.isEmpty)
    }

    @Test func `bytes pass at the rate, however they are cut`() async throws {
        for chunk in [1, 10, 250, 1_000, 5_000] {
            let clock = ManualClock()
            let limiter = BandwidthLimiter(bytesPerSecond: 1_000, clock: clock)
            try await clock.passingTime {
                for _ in 0..<(10_000 / chunk) { try await limiter.admit(chunk) }
            }
            #expect(clock.now.offset == .seconds(10), "in chunks of \(chunk)")
        }
    }

    @Test func `after a pause one second's worth passes at once, and no more`() async throws {
        let clock = ManualClock()
        let limiter = BandwidthLimiter(bytesPerSecond: 1_000, clock: clock)
        clock.advance(by: .seconds(60))
        try await limiter.admit(1_000)
        #expect(clock.sleeps.isEmpty)
        try await clock.passingTime { try await limiter.admit(500) }
        #expect(clock.sleeps == [.milliseconds(500)])
    }

    @Test func `all who share the limiter share the rate`() async throws {
        let clock = ManualClock()
        let limiter = BandwidthLimiter(bytesPerSecond: 1_000, clock: clock)
        try await clock.passingTime {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<5 { group.addTask { for _ in 0..<4 { try await limiter.admit(500) } } }
                try await group.waitForAll()
            }
        }
        #expect(clock.now.offset >= .seconds(9), "10,000 bytes at 1,000 a second, less one second's worth")
    }

    @Test func `who is cancelled stops waiting`() async throws {
        let clock = ManualClock()
        let limiter = BandwidthLimiter(bytesPerSecond: 1, clock: clock)
        let waiting = Task { try await limiter.admit(1_000) }
        await clock.sleepers(atLeast: 1)
        waiting.cancel()
        await #expect(throws: CancellationError.self) { try await waiting.value }
    }
}
