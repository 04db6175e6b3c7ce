/// Which transfer begins when: a pure state machine over any kind of item. It knows no clock; times are durations since a start that
/// the caller chooses.
public struct TransferScheduler<Item: Sendable>: Sendable {
    /// What to do next.
    public enum Step: Sendable {
        /// Begin this transfer; `ticket` names it in the answer.
        case start(Item, ticket: Int)
        /// Give more items with ``enqueue(_:)``, or say that there are none with ``close()``.
        case needMore
        /// Nothing can begin before this time, or before a transfer under way ends.
        case wait(until: Duration)
        /// Nothing can begin before a transfer under way ends.
        case waitForTransfers
        /// All is done.
        case finished
    }

    /// What becomes of a failed transfer.
    public enum Verdict: Hashable, Sendable {
        case retry(at: Duration)
        case givenUp
    }

    private struct Entry {
        let item: Item
        var failures = 0
    }

    private let concurrency: Int
    private let settlingLimit: Int
    private let policy: RetryPolicy
    /// The tickets that may begin, the next one last.
    private var waiting: [Int] = []
    private var delayed: [(time: Duration, ticket: Int)] = []
    private var underWay: Set<Int> = []
    /// What has arrived, and is being put in its place.
    private var settling: Set<Int> = []
    private var entries: [Int: Entry] = [:]
    private var nextTicket = 0
    private var isClosed = false
    /// Nobody begins before this time: the other side asked for patience, and means all of us.
    private var pausedUntil: Duration = .zero

    /// - Parameters:
    ///   - concurrency: the most transfers at a time, 1 or more.
    ///   - settling: how many that have arrived may be on their way to their place before no more transfers begin, 1 or more.
    public init(concurrency: Int, settling: Int = 1, policy: RetryPolicy) {
        self.concurrency = max(1, concurrency)
        settlingLimit = max(1, settling)
        self.policy = policy
    }

    /// Takes items, which begin in this order, after those that wait already.
    public mutating func enqueue(_ items: [Item]) {
        let tickets = items.indices.map { nextTicket + 1 + $0 - items.startIndex }
        for (ticket, item) in zip(tickets, items) { entries[ticket] = Entry(item: item) }
        nextTicket += items.count
        waiting.insert(contentsOf: tickets.reversed(), at: 0)
    }

    /// Says that no more items come.
    public mutating func close() { isClosed = true }

    public mutating func next(now: Duration) -> Step {
        let due = delayed.filter { $0.time <= now }
        delayed.removeAll { $0.time <= now }
        waiting.append(contentsOf: due.map(\.ticket))
        guard underWay.count < concurrency, settling.count < settlingLimit else { return .waitForTransfers }
        if !waiting.isEmpty, pausedUntil > now { return .wait(until: pausedUntil) }
        if let ticket = waiting.popLast(), let entry = entries[ticket] {
            underWay.insert(ticket)
            return .start(entry.item, ticket: ticket)
        }
        if !isClosed { return .needMore }
        if let next = delayed.map(\.time).min() { return .wait(until: max(next, pausedUntil)) }
        return underWay.isEmpty && settling.isEmpty ? .finished : .waitForTransfers
    }

    /// A transfer has got its last byte: the next one may begin while what has arrived is put in its place. It ends with
    /// ``succeeded(_:)`` or ``failed(_:retryAfter:isRetryable:now:jitter:)`` all the same.
    public mutating func arrived(_ ticket: Int) {
        if underWay.remove(ticket) != nil { settling.insert(ticket) }
    }

    public mutating func succeeded(_ ticket: Int) {
        underWay.remove(ticket)
        settling.remove(ticket)
        entries[ticket] = nil
    }

    /// - Parameters:
    ///   - retryAfter: how long the other side asked to wait, if it did. Then all transfers wait.
    ///   - isRetryable: whether another attempt could succeed.
    ///   - jitter: a random number from 0 to 1.
    public mutating func failed(
        _ ticket: Int, retryAfter: Duration?, isRetryable: Bool, now: Duration, jitter: Double
    ) -> Verdict {
        underWay.remove(ticket)
        settling.remove(ticket)
        guard var entry = entries[ticket] else { return .givenUp }
        entry.failures += 1
        guard isRetryable, let delay = policy.delay(afterAttempt: entry.failures, retryAfter: retryAfter, jitter: jitter) else {
            entries[ticket] = nil
            return .givenUp
        }
        entries[ticket] = entry
        if let retryAfter { pausedUntil = max(pausedUntil, now + retryAfter) }
        delayed.append((now + delay, ticket))
        return .retry(at: now + delay)
    }
}
