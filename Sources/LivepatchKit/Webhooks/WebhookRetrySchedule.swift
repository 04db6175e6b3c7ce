/// When a delivery is tried again: the schedule that Standard Webhooks 1.0.0 gives as its example, ten attempts over three days, with each
/// wait made up to a quarter longer at random, and never sooner than the receiver asked for.
public struct WebhookRetrySchedule: Hashable, Sendable {
    /// The waits after the first attempt, the second and so on; after the last one it is given up.
    public let waits: [Duration]

    public init(
        waits: [Duration] = [
            .seconds(5), .seconds(5 * 60), .seconds(30 * 60), .seconds(2 * 3600), .seconds(5 * 3600), .seconds(10 * 3600),
            .seconds(14 * 3600), .seconds(20 * 3600), .seconds(24 * 3600),
        ]
    ) {
        self.waits = waits
    }

    /// How long to wait after a failed attempt; `nil` to give up.
    /// - Parameters:
    ///   - attempts: how many have failed, from 1.
    ///   - retryAfter: how long the receiver asked to wait.
    ///   - jitter: a random number from 0 to 1.
    public func wait(afterAttempts attempts: Int, retryAfter: Duration?, jitter: Double) -> Duration? {
        guard waits.indices.contains(attempts - 1) else { return nil }
        let own = waits[attempts - 1] * (1 + 0.25 * jitter)
        return max(own, retryAfter ?? .zero)
    }
}
