import Caching
import LivepatchKit
import Synchronization

/// How often something may be done: `limit` times a minute, and up to that many at once.
struct RateLimit: Hashable, Sendable {
    let limit: Int

    /// What is left of it, and since when: a bucket that holds `limit` tokens and is filled again at an even pace.
    struct Bucket: Hashable, Sendable {
        /// When it will be full again; in the past for a full one.
        fileprivate var full: Duration
    }

    /// The time in which one token comes back.
    private var pace: Duration { .seconds(60) / limit }

    /// Whether there is a token.
    /// - Parameter now: on a clock that never goes back.
    /// - Returns: `nil` if there is one, and otherwise how long it takes until there is.
    func wait(for bucket: Bucket?, at now: Duration) -> Duration? {
        guard let bucket else { return nil }
        let missing = bucket.full + pace - now - .seconds(60)
        return missing > .zero ? missing : nil
    }

    /// Takes a token, whether there is one or not: at most one is owed.
    func taking(from bucket: Bucket?, at now: Duration) -> Bucket {
        Bucket(full: min(max(bucket?.full ?? now, now) + pace, now + .seconds(60) + pace))
    }
}

/// Rate limits of many, each with a bucket of its own. Those that have not been heard of for the longest time are forgotten when there are
/// too many: they have a full bucket by then.
final class RateLimiter<Key: Hashable & Sendable>: Sendable {
    private let rate: RateLimit
    private let elapsed: @Sendable () -> Duration
    private let buckets: Mutex<LeastRecentlyUsed<Key, RateLimit.Bucket>>

    /// How often each may, in a minute.
    var limit: Int { rate.limit }

    /// - Parameters:
    ///   - limit: how often each may, in a minute; 1 or more.
    ///   - capacity: of how many a bucket is kept.
    ///   - elapsed: the time on a clock that never goes back.
    init(limit: Int, capacity: Int = 65_536, elapsed: @escaping @Sendable () -> Duration) {
        rate = RateLimit(limit: max(1, limit))
        self.elapsed = elapsed
        buckets = Mutex(LeastRecentlyUsed(capacity: capacity))
    }

    /// Takes a token.
    /// - Returns: `nil`, or how long it takes until there is one.
    func take(_ key: Key) -> Duration? {
        let now = elapsed()
        return buckets.withLock { buckets in
            let bucket = buckets.value(for: key)
            if let wait = rate.wait(for: bucket, at: now) { return wait }
            buckets.insert(rate.taking(from: bucket, at: now), for: key)
            return nil
        }
    }

    /// How long it takes until there is a token; `nil` if there is one. It is not taken.
    func wait(for key: Key) -> Duration? {
        let now = elapsed()
        return buckets.withLock { rate.wait(for: $0.value(for: key), at: now) }
    }
}
