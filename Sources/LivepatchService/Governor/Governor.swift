public import Logging
public import Metrics
import Synchronization

/// Lets requests be served as ``AdmissionQueue`` decides, and counts those that are not
/// (`livepatch_server_httpgovernor_request_overload`).
public final class Governor: Sendable {
    /// How many are served, and how many wait.
    public struct Occupancy: Hashable, Sendable {
        public var served: [CallerKind: Int]
        public var waiting: [CallerKind: Int]
        /// Those that wait for something to happen, and have no place for that time.
        public var aside: [CallerKind: Int]
    }

    static let overload = "livepatch_server_httpgovernor_request_overload"
    /// How long nothing more is said of refused requests after a line of the log.
    private static let quiet = Duration.seconds(60)

    private struct State {
        var queue: AdmissionQueue
        var room: WaitingRoom
        var waiting: [AdmissionQueue.Ticket: CheckedContinuation<Bool, Never>] = [:]
        /// Decisions that came before whoever waits could hear them.
        var early: [AdmissionQueue.Ticket: Bool] = [:]
        var refused = 0
        var told: ContinuousClock.Instant?
    }

    private let state: Mutex<State>
    private let deadline: Duration
    private let clock: any Clock<Duration>
    private let overloads: Counter
    private let logger: Logger

    /// - Parameters:
    ///   - places: how many requests are served at a time, 4 or more.
    ///   - burst: how many more may wait.
    ///   - aside: how many may wait for something to happen, without a place.
    ///   - deadline: how long each of them waits at most.
    ///   - clock: what waits.
    public init(
        places: Int, burst: Int, aside: Int = 0, deadline: Duration, clock: any Clock<Duration> = ContinuousClock(),
        metrics: any MetricsFactory = MetricsSystem.factory, logger: Logger
    ) {
        state = Mutex(State(queue: AdmissionQueue(places: places, burst: burst), room: WaitingRoom(seats: aside)))
        self.deadline = deadline
        self.clock = clock
        self.logger = logger
        overloads = Counter(label: Self.overload, factory: metrics)
        // There from the beginning, so that a rule that reads it finds it.
        overloads.increment(by: 0)
    }

    public var occupancy: Occupancy {
        state.withLock { state in
            let kinds = CallerKind.allCases
            return Occupancy(
                served: Dictionary(uniqueKeysWithValues: kinds.map { ($0, state.queue.served($0)) }),
                waiting: Dictionary(uniqueKeysWithValues: kinds.map { ($0, state.queue.waiting($0)) }),
                aside: Dictionary(uniqueKeysWithValues: kinds.map { ($0, state.room.waiting[$0, default: 0]) }))
        }
    }

    /// Waits for a place.
    /// - Returns: the place; `nil` if the request is refused: at once if too many wait, or after the deadline.
    /// - Throws: `CancellationError`.
    func enter(_ visitor: Visitor) async throws -> Place? {
        switch state.withLock({ $0.queue.arrive(visitor) }) {
        case .admitted: return Place(visitor, governor: self)
        case .refused:
            noteRefusal()
            return nil
        case .waits(let ticket, let displaced):
            if let displaced { answer([displaced], false) }
            if try await wait(ticket) { return Place(visitor, governor: self) }
            noteRefusal()
            return nil
        }
    }

    /// A place, if there is one now.
    func enterAtOnce(_ visitor: Visitor) -> Place? {
        state.withLock { $0.queue.admitAtOnce(visitor) } ? Place(visitor, governor: self) : nil
    }

    private func wait(_ ticket: AdmissionQueue.Ticket) async throws -> Bool {
        let timer = Task { [deadline, clock] in
            try await clock.sleep(for: deadline)
            self.giveUp(ticket)
        }
        defer { timer.cancel() }
        let isAdmitted = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let decision: Bool? = state.withLock { state in
                    if let early = state.early.removeValue(forKey: ticket) { return early }
                    state.waiting[ticket] = continuation
                    return nil
                }
                if let decision { continuation.resume(returning: decision) }
            }
        } onCancel: {
            giveUp(ticket)
        }
        if Task.isCancelled, !isAdmitted { throw CancellationError() }
        return isAdmitted
    }

    private func giveUp(_ ticket: AdmissionQueue.Ticket) {
        if state.withLock({ $0.queue.withdraw(ticket) }) { answer([ticket], false) }
    }

    /// Tells those who wait what was decided.
    private func answer(_ tickets: [AdmissionQueue.Ticket], _ isAdmitted: Bool) {
        guard !tickets.isEmpty else { return }
        let waiting = state.withLock { state in
            tickets.compactMap { ticket in
                let continuation = state.waiting.removeValue(forKey: ticket)
                if continuation == nil { state.early[ticket] = isAdmitted }
                return continuation
            }
        }
        for continuation in waiting { continuation.resume(returning: isAdmitted) }
    }

    fileprivate func leave(_ visitor: Visitor) {
        answer(state.withLock { $0.queue.leave(visitor) }, true)
    }

    /// A request wants to wait for something to happen.
    /// - Returns: whether it may; then ``isBack(_:)`` has to follow.
    func setAside(_ visitor: Visitor) -> Bool { state.withLock { $0.room.enter(visitor) } }

    /// A request has waited for what should happen.
    func isBack(_ visitor: Visitor) { state.withLock { $0.room.leave(visitor) } }

    /// Counts a refused request. The log is told now and then, since there may be thousands a second.
    private func noteRefusal() {
        overloads.increment()
        let now = ContinuousClock.now
        let refused: Int? = state.withLock { state in
            state.refused += 1
            guard state.told.map({ now - $0 >= Self.quiet }) ?? true else { return nil }
            state.told = now
            defer { state.refused = 0 }
            return state.refused
        }
        guard let refused else { return }
        logger.warning(
            "There are more requests than places, and some are refused: see server.concurrency-limit and server.burst-limit.",
            metadata: ["refused": "\(refused)"])
    }
}

/// A place among the requests that are served. Whoever has one keeps it until ``leave()``, or until nobody holds it any more.
final class Place: Sendable {
    private let visitor: Visitor
    private let governor: Governor
    private let isLeft = Atomic(false)

    fileprivate init(_ visitor: Visitor, governor: Governor) {
        self.visitor = visitor
        self.governor = governor
    }

    deinit { leave() }

    func leave() {
        if !isLeft.exchange(true, ordering: .acquiringAndReleasing) { governor.leave(visitor) }
    }
}
