import LivepatchKit
import Synchronization
import Testing

@testable import LivepatchService

@Suite("Rate limits") struct RateLimitTests {
    /// A time that passes when told to.
    private final class SharedTime: Sendable {
        private let value = Mutex(Duration.seconds(1000))
        var now: Duration { value.withLock { $0 } }
        func pass(_ duration: Duration) { value.withLock { $0 += duration } }
    }

    @Test func `as many as the limit at once, and then one in each part of a minute`() {
        let time = SharedTime()
        let limiter = RateLimiter<String>(limit: 60, elapsed: { time.now })
        for _ in 0..<60 { #expect(limiter.take("a") == nil) }
        #expect(limiter.take("a") == .seconds(1))
        #expect(limiter.take("b") == nil, "everybody has a bucket of their own")
        time.pass(.milliseconds(600))
        #expect(limiter.wait(for: "a") == .milliseconds(400))
        time.pass(.milliseconds(400))
        #expect(limiter.wait(for: "a") == nil)
        #expect(limiter.take("a") == nil)
        #expect(limiter.take("a") != nil)
        time.pass(.seconds(3600))
        for _ in 0..<60 { #expect(limiter.take("a") == nil) }
        #expect(limiter.take("a") != nil, "no more is saved up than a minute's worth")
    }

    @Test func `those who were not heard of for the longest time are forgotten when there are too many`() {
        let limiter = RateLimiter<String>(limit: 1, capacity: 2, elapsed: { .seconds(1000) })
        #expect(limiter.take("a") == nil)
        #expect(limiter.take("b") == nil)
        #expect(limiter.take("a") != nil)
        #expect(limiter.take("c") == nil)
        #expect(limiter.take("a") != nil)
        #expect(limiter.take("b") == nil)
    }
}
