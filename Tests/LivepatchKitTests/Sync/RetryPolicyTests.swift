import LivepatchKit
import LivepatchTesting
import Testing

@Suite struct RetryPolicyTests {
    private let policy = RetryPolicy(attempts: 6, base: .milliseconds(500), maximum: .seconds(5), patience: .seconds(60))

    @Test func `waits double up to the longest, and jitter takes any share of them`() {
        let longest = (1...5).map { policy.delay(afterAttempt: $0, retryAfter: nil, jitter: 1) }
        #expect(longest == [.milliseconds(500), .seconds(1), .seconds(2), .seconds(4), .seconds(5)])
        #expect(policy.delay(afterAttempt: 3, retryAfter: nil, jitter: 0) == .zero)
        #expect(policy.delay(afterAttempt: 3, retryAfter: nil, jitter: 0.25) == .milliseconds(500))
    }

    @Test func `after the last attempt it is given up`() {
        #expect(policy.delay(afterAttempt: 6, retryAfter: nil, jitter: 0.5) == nil)
        #expect(policy.delay(afterAttempt: 7, retryAfter: .zero, jitter: 0.5) == nil)
        #expect(RetryPolicy(attempts: 1).delay(afterAttempt: 1, retryAfter: nil, jitter: 0) == nil)
    }

    @Test func `the other side's wish is a lower bound, up to a patience`() {
        #expect(policy.delay(afterAttempt: 1, retryAfter: .seconds(60), jitter: 0) == .seconds(60))
        #expect(policy.delay(afterAttempt: 1, retryAfter: .seconds(60), jitter: 1) == .milliseconds(60_500))
        #expect(policy.delay(afterAttempt: 1, retryAfter: .seconds(61), jitter: 0) == nil)
    }

    @Test func `no number of attempts overflows, and every wait is within its bounds`() {
        let endless = RetryPolicy(attempts: .max, base: .seconds(1), maximum: .seconds(30))
        var random = SeededGenerator(seed: 11)
        for attempt in [1, 2, 20, 21, 22, 63, 64, 1_000, Int.max - 1] {
            let jitter = Double.random(in: 0...1, using: &random)
            let delay = endless.delay(afterAttempt: attempt, retryAfter: nil, jitter: jitter)
            #expect(delay.map { (.zero ... .seconds(30)).contains($0) } == true)
        }
    }
}

@Suite struct SyncScheduleTests {
    private let schedule = SyncSchedule(interval: .seconds(3600), retry: .seconds(30))

    @Test func `after a good sync comes the interval, give or take a tenth`() {
        for (jitter, seconds) in [(0, 3240), (0.5, 3600), (1, 3960)] {
            let pause = schedule.pause(afterFailures: 0, jitter: jitter)
            #expect(pause - .seconds(seconds) < .milliseconds(1) && .seconds(seconds) - pause < .milliseconds(1))
        }
    }

    @Test func `after failures it comes back sooner, doubling up to the interval`() {
        let pauses = (1...9).map { schedule.pause(afterFailures: $0, jitter: 0.5) }
        #expect(pauses == [30, 60, 120, 240, 480, 960, 1920, 3600, 3600].map { .seconds($0) })
        #expect(schedule.pause(afterFailures: .max, jitter: 0.5) == .seconds(3600))
    }

    @Test func `an interval shorter than the first retry bounds that too`() {
        let short = SyncSchedule(interval: .seconds(10), retry: .seconds(30))
        #expect(short.pause(afterFailures: 1, jitter: 0.5) == .seconds(10))
    }
}
