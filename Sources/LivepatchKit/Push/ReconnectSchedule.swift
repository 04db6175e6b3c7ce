/// When to ask an upstream again to announce its changes.
public struct ReconnectSchedule: Hashable, Sendable {
    /// The longest pause after failures.
    public let limit: Duration
    /// The pause where the upstream does not announce anything, such as one of an older release.
    public let absence: Duration

    public init(limit: Duration = .seconds(60), absence: Duration = .seconds(600)) {
        self.limit = limit
        self.absence = absence
    }

    /// The pause before the next attempt: random up to one second after an end in order; else between a half and the whole of a time
    /// that doubles from one second with each failure in a row. So thousands that lost their upstream together do not come back
    /// together.
    /// - Parameters:
    ///   - failures: how many attempts in a row have failed; 0 after an end in order.
    ///   - isAbsent: whether the upstream said that it does not announce anything.
    ///   - retryAfter: what a busy upstream asked for: the pause is at least that.
    ///   - jitter: a random number from 0 to 1.
    public func pause(afterFailures failures: Int, isAbsent: Bool = false, retryAfter: Duration? = nil, jitter: Double)
        -> Duration
    {
        let chosen =
            isAbsent
            ? absence * (0.5 + 0.5 * jitter)
            : failures == 0 ? .seconds(1) * jitter : min(limit, .seconds(1) * (1 << min(failures - 1, 20))) * (0.5 + 0.5 * jitter)
        return max(chosen, (retryAfter ?? .zero) * (1 + 0.5 * jitter))
    }
}
