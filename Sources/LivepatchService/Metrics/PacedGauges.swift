import FoundationEssentials
import Logging

/// Gauges that are read from the server's state together.
protocol GaugeGroup: Sendable {
    /// Reads and shows what is so now.
    mutating func refresh(at time: Date) async throws
}

/// Refreshes a group no more often than it is worth: not before a pause has passed, and for no more than a fiftieth of the time. So a
/// count of all machines may take as long as it likes, however often somebody looks.
actor PacedGauges {
    private var group: any GaugeGroup
    private let pause: Duration
    private let logger: Logger
    private let now: @Sendable () -> Date
    private var due: ContinuousClock.Instant?
    private var running: Task<Void, Never>?

    /// - Parameter pause: the least time from one refresh to the next; zero to refresh whenever somebody looks.
    init(_ group: any GaugeGroup, pause: Duration, logger: Logger, now: @escaping @Sendable () -> Date) {
        self.group = group
        self.pause = pause
        self.logger = logger
        self.now = now
    }

    /// Waits for a refresh if one is due or under way.
    func refresh() async {
        if let running { return await running.value }
        if let due, ContinuousClock.now < due { return }
        let task = Task { await self.read() }
        running = task
        await task.value
    }

    private func read() async {
        let start = ContinuousClock.now
        var fresh = group
        do {
            try await fresh.refresh(at: now())
        } catch {
            logger.warning("Metrics could not be read, and show what was so before: \(error)")
        }
        group = fresh
        let end = ContinuousClock.now
        due = pause == .zero ? nil : end + max(pause, (end - start) * 49)
        running = nil
    }
}
