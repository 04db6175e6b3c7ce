/// When to try again: exponential backoff with full jitter, never sooner than the other side asked for.
public struct RetryPolicy: Hashable, Sendable {
    /// How often one thing is tried, the first time included.
    public var attempts: Int
    /// The bound of the first wait; each further one is twice as long.
    public var base: Duration
    /// The longest wait of this side's own choice.
    public var maximum: Duration
    /// The longest wait that the other side may ask for; beyond it, it is given up for now.
    public var patience: Duration

    public init(
        attempts: Int = 6, base: Duration = .milliseconds(500), maximum: Duration = .seconds(30),
        patience: Duration = .seconds(300)
    ) {
        self.attempts = attempts
        self.base = base
        self.maximum = maximum
        self.patience = patience
    }

    /// How long to wait after a failed attempt; `nil` to give up.
    /// - Parameters:
    ///   - attempt: how many attempts have failed, from 1.
    ///   - retryAfter: how long the other side asked to wait.
    ///   - jitter: a random number from 0 to 1.
    public func delay(afterAttempt attempt: Int, retryAfter: Duration?, jitter: Double) -> Duration? {
        guard attempt < attempts else { return nil }
        let own = min(maximum, base * (1 << min(attempt - 1, 20))) * jitter
        guard let retryAfter else { return own }
        return retryAfter > patience ? nil : retryAfter + own
    }
}
