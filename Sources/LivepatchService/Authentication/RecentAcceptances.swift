import FoundationEssentials
import LivepatchKit
import Synchronization

/// Which tokens were accepted lately: they are used again and again, and the security log is to say so once in a while.
final class RecentAcceptances: Sendable {
    private let pause: TimeInterval
    private let times: Mutex<LeastRecentlyUsed<String, Date>>

    /// - Parameters:
    ///   - pause: how long nothing more is told of a token, in seconds.
    ///   - capacity: of how many that is remembered.
    init(pause: TimeInterval, capacity: Int = 10_000) {
        self.pause = pause
        times = Mutex(LeastRecentlyUsed(capacity: capacity))
    }

    /// Whether the last acceptance that was told is long enough ago; then this one is told.
    func isNews(_ key: String, at time: Date) -> Bool {
        times.withLock { times in
            if let last = times.value(for: key), time < last.addingTimeInterval(pause), time >= last { return false }
            times.insert(time, for: key)
            return true
        }
    }
}
