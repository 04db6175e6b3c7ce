/// One bound on bytes a second for everything that shares the limiter: a token bucket that holds one second's worth.
public actor BandwidthLimiter {
    private let bytesPerSecond: Double?
    private let clock: any Clock<Duration>
    private let elapsed: @Sendable () -> Duration
    /// When the bytes admitted so far are paid for.
    private var paidUntil: Duration = .zero

    /// - Parameters:
    ///   - bytesPerSecond: `nil`, or 0 and less, for no bound.
    ///   - clock: what waits.
    public init<C: Clock>(bytesPerSecond: Int64?, clock: C = ContinuousClock()) where C.Duration == Duration {
        self.bytesPerSecond = bytesPerSecond.flatMap { $0 > 0 ? Double($0) : nil }
        self.clock = clock
        let start = clock.now
        elapsed = { start.duration(to: clock.now) }
    }

    /// Returns when this many bytes may pass.
    public nonisolated func admit(_ bytes: Int) async throws {
        if let bytesPerSecond { try await admit(bytes, at: bytesPerSecond) }
    }

    private func admit(_ bytes: Int, at bytesPerSecond: Double) async throws {
        let now = elapsed()
        paidUntil = max(paidUntil, now - .seconds(1)) + .seconds(Double(bytes) / bytesPerSecond)
        let wait = paidUntil - now
        if wait > .zero { try await clock.sleep(for: wait) }
    }
}
