import Caching
import FoundationEssentials
import LivepatchKit
import Synchronization

/// Which tokens were accepted lately: they are used again and again, and the security log is to say so once in a while.
final class RecentAcceptances<Key: Hashable & Sendable>: Sendable {
    private let pause: TimeInterval
    private let times: Mutex<LeastRecentlyUsed<Key, Date>>

    /// - Parameters:
    ///   - pause: how long nothing more is told of a token, in seconds.
    ///   - capacity: of how many that is remembered.
    init(pause: TimeInterval, capacity: Int = 10_000) {
        self.pause = pause
        times = Mutex(LeastRecentlyUsed(capacity: capacity))
    }

    /// Whether the last acceptance that was told is long enough ago; then this one is told.
    func isNews(_ key: Key, at time: Date) -> Bool {
        times.withLock { times in
            if isRecent(times.value(for: key), at: time) { return false }
            times.insert(time, for: key)
            return true
        }
    }

    /// Whether an acceptance now would be no news. It is not told either way.
    func isOld(_ key: Key, at time: Date) -> Bool { times.withLock { isRecent($0.value(for: key), at: time) } }

    private func isRecent(_ last: Date?, at time: Date) -> Bool {
        last.map { time < $0.addingTimeInterval(pause) && time >= $0 } ?? false
    }
}
