public import FoundationEssentials

/// Forgets what machines reported long ago. The last report of each machine stays.
public struct MachineHistoryCleaner: Sendable {
    private let machines: any MachineStore
    private let retention: Duration
    private let rowLimit: Int
    private let now: @Sendable () -> Date

    /// - Parameters:
    ///   - retention: how long a report is kept (`machine-reports.database.retention-days`).
    ///   - rowLimit: how many are forgotten in one transaction, 1 or more (`machine-reports.database.cleanup-row-limit`): others that
    ///     write wait no longer than that takes.
    ///   - now: the current time.
    public init(machines: any MachineStore, retention: Duration, rowLimit: Int, now: @escaping @Sendable () -> Date) {
        self.machines = machines
        self.retention = retention
        self.rowLimit = max(1, rowLimit)
        self.now = now
    }

    /// Forgets all that is older than the retention.
    /// - Returns: how many reports were forgotten.
    /// - Throws: `CancellationError`, and what the store fails with; what was forgotten until then stays so.
    @discardableResult
    public func clean() async throws -> Int {
        let end = now().addingTimeInterval(-Double(retention.components.seconds))
        var total = 0
        while true {
            try Task.checkCancellation()
            let count = try await machines.removeHistory(before: end, limit: rowLimit)
            total += count
            if count < rowLimit { return total }
            await Task.yield()
        }
    }
}
