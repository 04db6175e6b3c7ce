public import FoundationEssentials
import Synchronization

/// A clock that stands still until it is told how much time passes, so that what waits can be tested without waiting.
///
/// Hand it to whatever takes a clock, and ``date`` to whatever takes the current time:
///
/// ```swift
/// let clock = ManualClock()
/// let limiter = BandwidthLimiter(bytesPerSecond: 1_000, clock: clock)
/// let authority = TokenAuthority(tokens: tokens, now: { clock.date })
///
/// async let admitted: Void = limiter.admit(2_000)
/// await clock.sleepers(atLeast: 1)
/// clock.advance(by: .seconds(2))
/// try await admitted
/// ```
///
/// Where only the order of events matters and not who else is at work meanwhile, ``passingTime(_:)`` lets time pass by itself.
public final class ManualClock: Clock, Sendable {
    /// A point of a manual clock's time.
    public struct Instant: InstantProtocol {
        /// The time since the clock was made.
        public let offset: Duration

        public init(offset: Duration) { self.offset = offset }

        public func advanced(by duration: Duration) -> Self { Self(offset: offset + duration) }
        public func duration(to other: Self) -> Duration { other.offset - offset }
        public static func < (left: Self, right: Self) -> Bool { left.offset < right.offset }
    }

    private struct Sleeper {
        let deadline: Instant
        let continuation: CheckedContinuation<Void, any Error>
    }

    private struct Waiter {
        let count: Int
        let continuation: CheckedContinuation<Void, Never>
    }

    private struct State: ~Copyable {
        var now = Instant(offset: .zero)
        var lastID: UInt64 = 0
        var sleepers: [UInt64: Sleeper] = [:]
        /// Sleeps that were cancelled before they began.
        var cancelled: Set<UInt64> = []
        var waiters: [UInt64: Waiter] = [:]
        var sleeps: [Duration] = []

        mutating func newID() -> UInt64 {
            lastID += 1
            return lastID
        }
    }

    /// The time of day at which the clock begins.
    public let start: Date
    private let state = Mutex(State())

    /// - Parameter start: the time of day at which the clock begins; 2024-01-01T00:00:00Z if none is given.
    public init(start: Date = Date(timeIntervalSince1970: 1_704_067_200)) { self.start = start }

    public var now: Instant { state.withLock { $0.now } }

    public var minimumResolution: Duration { .zero }

    /// The time of day.
    public var date: Date {
        let passed = now.offset.components
        return start.addingTimeInterval(Double(passed.seconds) + Double(passed.attoseconds) * 1e-18)
    }

    /// How long every sleep so far was asked to be, in the order in which they began.
    public var sleeps: [Duration] { state.withLock { $0.sleeps } }

    /// Returns when the clock has been advanced to the deadline.
    /// - Throws: `CancellationError` when the task is cancelled.
    public func sleep(until deadline: Instant, tolerance: Duration? = nil) async throws {
        let id = state.withLock { state in
            state.sleeps.append(state.now.duration(to: deadline))
            return state.newID()
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
                let (end, ready) = state.withLock { state -> (Result<Void, any Error>?, [Waiter]) in
                    if state.cancelled.remove(id) != nil { return (.failure(CancellationError()), []) }
                    if deadline <= state.now { return (.success(()), []) }
                    state.sleepers[id] = Sleeper(deadline: deadline, continuation: continuation)
                    let ready = state.waiters.filter { $0.value.count <= state.sleepers.count }
                    for id in ready.keys { state.waiters[id] = nil }
                    return (nil, Array(ready.values))
                }
                for waiter in ready { waiter.continuation.resume() }
                if let end { continuation.resume(with: end) }
            }
        } onCancel: {
            let sleeper = state.withLock { state in
                let sleeper = state.sleepers.removeValue(forKey: id)
                if sleeper == nil { state.cancelled.insert(id) }
                return sleeper
            }
            sleeper?.continuation.resume(throwing: CancellationError())
        }
    }

    /// Lets time pass: whoever sleeps until then, or for less, wakes up, in the order of their deadlines.
    public func advance(by duration: Duration) { advance(to: now.advanced(by: duration)) }

    /// Lets time pass up to a point; nothing happens if that is in the past.
    public func advance(to instant: Instant) {
        let woken = state.withLock { state in
            state.now = max(state.now, instant)
            let due = state.sleepers.filter { $0.value.deadline <= state.now }
            for id in due.keys { state.sleepers[id] = nil }
            return due.sorted { ($0.value.deadline, $0.key) < ($1.value.deadline, $1.key) }.map(\.value.continuation)
        }
        for continuation in woken { continuation.resume() }
    }

    /// Lets time pass up to the next moment at which somebody wakes up.
    /// - Returns: `false` if nobody sleeps.
    @discardableResult
    public func advanceToNextDeadline() -> Bool {
        guard let next = state.withLock({ $0.sleepers.values.map(\.deadline).min() }) else { return false }
        advance(to: next)
        return true
    }

    /// Returns when at least so many tasks sleep on this clock, or when the calling task is cancelled.
    public func sleepers(atLeast count: Int) async {
        let id = state.withLock { $0.newID() }
        await withTaskCancellationHandler {
            await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
                let ready = state.withLock { state in
                    if state.cancelled.remove(id) != nil || state.sleepers.count >= count { return true }
                    state.waiters[id] = Waiter(count: count, continuation: continuation)
                    return false
                }
                if ready { continuation.resume() }
            }
        } onCancel: {
            let waiter = state.withLock { state in
                let waiter = state.waiters.removeValue(forKey: id)
                if waiter == nil { state.cancelled.insert(id) }
                return waiter
            }
            waiter?.continuation.resume()
        }
    }

    /// Runs a body during which time passes by itself: whenever somebody sleeps, the clock goes on to the next deadline.
    ///
    /// It does not know who else is about to sleep: of tasks that work side by side, one may see more time pass than it would have.
    public func passingTime<Value: Sendable>(_ body: () async throws -> Value) async rethrows -> Value {
        let passing = Task {
            while !Task.isCancelled {
                await sleepers(atLeast: 1)
                advanceToNextDeadline()
            }
        }
        defer { passing.cancel() }
        return try await body()
    }
}
