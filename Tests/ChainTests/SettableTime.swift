import FoundationEssentials
import Synchronization

/// A time that stands still until it is moved.
final class SettableTime: Sendable {
    private let time: Mutex<Date>

    init(_ time: Date) { self.time = Mutex(time) }

    @Sendable func now() -> Date { time.withLock { $0 } }

    func advance(by seconds: Double) { time.withLock { $0 += seconds } }
}
