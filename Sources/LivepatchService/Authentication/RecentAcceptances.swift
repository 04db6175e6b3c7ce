import FoundationEssentials
import Synchronization

/// Which tokens were accepted in the last minute: a sync asks thousands of times, and the security log is to say so once.
final class RecentAcceptances: Sendable {
    private static let pause: TimeInterval = 60
    private let times = Mutex<[String: Date]>([:])

    /// Whether the last acceptance that was told is a minute ago; then this one is told.
    func isNews(_ key: String, at time: Date) -> Bool {
        times.withLock { times in
            if let last = times[key], time < last.addingTimeInterval(Self.pause), time >= last { return false }
            if times.count > 10_000 { times = times.filter { time < $0.value.addingTimeInterval(Self.pause) } }
            times[key] = time
            return true
        }
    }
}
