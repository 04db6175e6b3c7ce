/// When the next sync is due.
public struct SyncSchedule: Hashable, Sendable {
    /// From one sync to the next (`patch-sync.interval`).
    public let interval: Duration
    /// The first pause after a sync that failed; each further one is twice as long, up to the interval.
    public let retry: Duration

    public init(interval: Duration, retry: Duration = .seconds(30)) {
        self.interval = interval
        self.retry = retry
    }

    /// The pause after a sync, between nine and eleven tenths of what was chosen, so that many downstreams do not arrive together.
    /// - Parameters:
    ///   - failures: how many syncs in a row ended `failed` or `partial`.
    ///   - jitter: a random number from 0 to 1.
    public func pause(afterFailures failures: Int, jitter: Double) -> Duration {
        let chosen = failures == 0 ? interval : min(interval, retry * (1 << min(failures - 1, 20)))
        return chosen * (0.9 + 0.2 * jitter)
    }
}
