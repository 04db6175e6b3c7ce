public import Logging
import Synchronization

/// Writes what machines report in batches: many reports, one transaction.
///
/// A report that changes a machine's state can be waited for (``settle(_:)``): then it is written at once, together with all others
/// that came meanwhile, and the wait ends when the transaction is durable. All else is written within an interval. What could not be
/// written stays, and is tried again with the next batch.
public final class ReportBatcher: Sendable {
    /// What has to be durable before a report may be acknowledged.
    public struct Ticket: Hashable, Sendable {
        /// The change to wait for; `nil` for none.
        let change: UInt64?
    }

    private struct Entry: Sendable {
        let id: UInt64
        let update: MachineUpdate
    }

    private struct State {
        var lastID: UInt64 = 0
        /// What is to be written, in order. Of a machine's reports that change nothing only the last one is here.
        var buffer: [Entry] = []
        /// Where in the buffer a machine's last report is, if that one changes nothing.
        var replaceable: [HashedMachineID: Int] = [:]
        /// The last change of each machine that is not durable.
        var changes: [HashedMachineID: UInt64] = [:]
        /// All changes that are not durable.
        var pending: Set<UInt64> = []
        var waiters: [UInt64: [UInt64: CheckedContinuation<Void, any Error>]] = [:]
        var work: Task<Void, any Error>?
        /// The first of the entries that are being written.
        var writing: UInt64?
        /// How many reports were dropped because there was no room for them.
        var dropped = 0

        mutating func newID() -> UInt64 {
            lastID += 1
            return lastID
        }

        /// Takes in a report that changes nothing, in the place of an earlier one of that machine.
        /// - Returns: `false` if there is no room for it.
        mutating func insert(unchanged update: MachineUpdate, capacity: Int) -> Bool {
            if let place = replaceable[update.machine] {
                buffer[place] = Entry(id: newID(), update: update)
                return true
            }
            guard buffer.count < capacity else { return false }
            buffer.append(Entry(id: newID(), update: update))
            replaceable[update.machine] = buffer.count - 1
            return true
        }

        /// Takes the next batch out of the buffer.
        mutating func take(_ limit: Int) -> [Entry] {
            let batch = Array(buffer.prefix(limit))
            buffer.removeFirst(batch.count)
            writing = batch.map(\.id).min()
            findReplaceable()
            return batch
        }

        /// Puts entries in front of the buffer again, without those that are out of date by now.
        mutating func putBack(_ entries: [Entry]) {
            let newer = Set(buffer.map(\.update.machine))
            buffer.insert(contentsOf: entries.filter { $0.update.isChange || !newer.contains($0.update.machine) }, at: 0)
            findReplaceable()
        }

        private mutating func findReplaceable() {
            replaceable = [:]
            for (place, entry) in buffer.enumerated() {
                replaceable[entry.update.machine] = entry.update.isChange ? nil : place
            }
        }
    }

    private let store: any MachineStore
    private let limit: Int
    private let capacity: Int
    private let interval: Duration
    private let clock: any Clock<Duration>
    private let logger: Logger
    private let state = Mutex(State())

    /// - Parameters:
    ///   - limit: how many reports one transaction holds at most.
    ///   - capacity: how many reports wait to be written at most, while the store fails; more that change nothing are dropped, and
    ///     more that do are refused.
    ///   - interval: how long a report that changes nothing waits to be written.
    ///   - clock: what waits.
    public init<C: Clock>(
        store: any MachineStore, limit: Int = 1000, capacity: Int = 65_536, interval: Duration = .seconds(1),
        clock: C = ContinuousClock(), logger: Logger
    ) where C.Duration == Duration {
        self.store = store
        self.limit = max(1, limit)
        self.capacity = max(1, capacity)
        self.interval = interval
        self.clock = clock
        self.logger = logger
    }

    /// How many reports wait to be written.
    public var count: Int { state.withLock { $0.buffer.count } }

    /// Takes in a report. Those of one machine are written in the order in which they are taken in.
    /// - Returns: what to wait for before the report is acknowledged.
    /// - Throws: ``LivepatchError`` with the code `database-unavailable` if it is a change and there is no room for it.
    public func enqueue(_ update: MachineUpdate) throws -> Ticket {
        try state.withLock { state in
            let before = state.buffer.count
            if update.isChange {
                guard state.buffer.count < capacity else {
                    throw Self.unavailable("too many reports wait to be written", cause: nil)
                }
                let entry = Entry(id: state.newID(), update: update)
                state.buffer.append(entry)
                state.replaceable[update.machine] = nil
                state.changes[update.machine] = entry.id
                state.pending.insert(entry.id)
            } else if !state.insert(unchanged: update, capacity: capacity) {
                state.dropped += 1
            }
            noteGrowth(&state, from: before)
            return Ticket(change: state.changes[update.machine])
        }
    }

    /// Takes in a report that changes nothing, if that needs no wait.
    /// - Parameter admit: asked once it is sure that it can be taken in; `false` to do nothing.
    /// - Returns: `false` if it was not taken in: a change of that machine is not durable yet, or there is no room.
    func enqueueAtOnce(_ update: MachineUpdate, if admit: () -> Bool) -> Bool {
        state.withLock { state in
            let hasRoom = state.replaceable[update.machine] != nil || state.buffer.count < capacity
            guard state.changes[update.machine] == nil, hasRoom, admit() else { return false }
            let before = state.buffer.count
            let isTaken = state.insert(unchanged: update, capacity: capacity)
            noteGrowth(&state, from: before)
            return isTaken
        }
    }

    /// Returns when what a report has to wait for is durable.
    /// - Throws: ``LivepatchError`` with the code `database-unavailable` if it could not be written; it is tried again. `CancellationError`
    ///   when the calling task is cancelled; it is written nevertheless.
    public func settle(_ ticket: Ticket) async throws {
        guard let change = ticket.change else { return }
        let waiter = state.withLock { $0.newID() }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
                let isDurable = state.withLock { state in
                    guard state.pending.contains(change) else { return true }
                    state.waiters[change, default: [:]][waiter] = continuation
                    begin(&state)
                    return false
                }
                if isDurable { continuation.resume() }
            }
        } onCancel: {
            let waiting = state.withLock { $0.waiters[change]?.removeValue(forKey: waiter) }
            waiting?.resume(throwing: CancellationError())
        }
    }

    /// Writes all that is waiting now.
    /// - Throws: what the store fails with; what was not written stays.
    public func flush() async throws {
        let last = state.withLock { $0.lastID }
        while let work = state.withLock({ state -> Task<Void, any Error>? in
            let isOwing = state.writing.map { $0 <= last } ?? false || state.buffer.contains { $0.id <= last }
            guard isOwing else { return nil }
            begin(&state)
            return state.work
        }) { try await work.value }
    }

    /// Writes what is waiting once in each interval, until the task is cancelled; then all that is left.
    public func run() async {
        while true {
            do { try await clock.sleep(for: interval) } catch { break }
            try? await flush()
        }
        await drain()
    }

    /// Writes all that is left, and says what could not be written.
    private func drain() async {
        for attempt in 1... {
            do {
                return try await flush()
            } catch  where attempt < 3 {
                continue
            } catch {
                logger.error(
                    "the last reports of machines could not be written",
                    metadata: ["reports": "\(count)", "error": "\(error)"])
                return
            }
        }
    }

    // MARK: Writing

    /// What has come may be enough for a batch.
    private func noteGrowth(_ state: inout State, from before: Int) {
        if state.buffer.count > before, state.buffer.count >= limit { begin(&state) }
    }

    /// Sees to it that somebody writes. Nobody's own task: that one caller goes away must not fail the others.
    private func begin(_ state: inout State) {
        guard state.work == nil else { return }
        state.work = Task { try await write() }
    }

    /// Writes batch after batch for as long as somebody waits, or there is enough for another one.
    private func write() async throws {
        while true {
            let batch = state.withLock { $0.take(limit) }
            let outcome = await write(batch[...])
            let goesOn = finish(batch, outcome)
            if let error = outcome.error {
                logger.error(
                    "reports of machines could not be written; they are tried again",
                    metadata: ["reports": "\(outcome.unwritten.count)", "error": "\(error)"])
                throw error
            }
            if !goesOn { return }
        }
    }

    private struct Outcome {
        /// What is to be tried again, and why.
        var unwritten: [Entry] = []
        var error: (any Error)?
        /// What can never be written, each with the reason.
        var lost: [(entry: Entry, error: any Error)] = []
    }

    /// Writes entries in one transaction. If the store itself is well and what it is to write is not, in smaller ones: one report must
    /// not keep all others from being written.
    private func write(_ entries: ArraySlice<Entry>) async -> Outcome {
        guard !entries.isEmpty else { return Outcome() }
        do {
            try await store.write(entries.map(\.update))
            return Outcome()
        } catch let error as LivepatchError where error.code == .internalFault {
            guard entries.count > 1 else { return Outcome(lost: entries.map { ($0, error) }) }
            let middle = entries.startIndex + entries.count / 2
            var outcome = await write(entries[..<middle])
            guard outcome.error == nil else {
                outcome.unwritten += entries[middle...]
                return outcome
            }
            let rest = await write(entries[middle...])
            return Outcome(unwritten: rest.unwritten, error: rest.error, lost: outcome.lost + rest.lost)
        } catch {
            return Outcome(unwritten: Array(entries), error: error)
        }
    }

    /// Tells those who waited, and puts back what was not written.
    /// - Returns: whether there is more to write at once.
    private func finish(_ batch: [Entry], _ outcome: Outcome) -> Bool {
        var ended: [(CheckedContinuation<Void, any Error>, (any Error)?)] = []
        let (goesOn, dropped) = state.withLock { state in
            let lost = Dictionary(outcome.lost.map { ($0.entry.id, $0.error) }) { first, _ in first }
            let unwritten = Set(outcome.unwritten.map(\.id))
            state.writing = nil
            for entry in batch where entry.update.isChange && !unwritten.contains(entry.id) {
                state.pending.remove(entry.id)
                if state.changes[entry.update.machine] == entry.id { state.changes[entry.update.machine] = nil }
                for (_, waiter) in state.waiters.removeValue(forKey: entry.id) ?? [:] { ended.append((waiter, lost[entry.id])) }
            }
            if let error = outcome.error {
                state.putBack(outcome.unwritten)
                let reason = Self.unavailable("the database cannot be written", cause: error)
                for waiters in state.waiters.values { for (_, waiter) in waiters { ended.append((waiter, reason)) } }
                state.waiters = [:]
            }
            let goesOn = outcome.error == nil && (!state.waiters.isEmpty || state.buffer.count >= limit)
            if !goesOn { state.work = nil }
            defer { state.dropped = 0 }
            return (goesOn, state.dropped)
        }
        for (waiter, error) in ended {
            if let error { waiter.resume(throwing: error) } else { waiter.resume() }
        }
        for (entry, error) in outcome.lost {
            logger.error(
                "a machine's report cannot be written and is lost",
                metadata: ["machine": "\(entry.update.machine)", "error": "\(error)"])
        }
        if dropped > 0 {
            logger.warning(
                "reports of machines were dropped, because too many wait to be written", metadata: ["reports": "\(dropped)"])
        }
        return goesOn
    }

    private static func unavailable(_ reason: String, cause: (any Error)?) -> LivepatchError {
        LivepatchError(
            .databaseUnavailable, "The machine's report could not be kept: \(reason).",
            suggestion: "Ask again later; the server's administrator finds the cause in its log.", cause: cause)
    }
}
