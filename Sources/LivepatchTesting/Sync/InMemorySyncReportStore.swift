public import LivepatchKit

/// The sync reports in an ``InMemoryDatabase``.
public struct InMemorySyncReportStore: SyncReportStore {
    private let database: InMemoryDatabase

    public init(_ database: InMemoryDatabase) { self.database = database }

    public func add(_ report: SyncReport) async throws -> SyncReport {
        try database.write { tables in
            tables.lastReport += 1
            var stored = report
            stored.id = tables.lastReport
            stored.started = Timestamp.wholeSecond(report.started)
            stored.ended = Timestamp.wholeSecond(report.ended)
            tables.reports.append(stored)
            if tables.reports.count > 1000 { tables.reports.removeFirst() }
            return stored
        }
    }

    public func reports(limit: Int) async throws -> [SyncReport] {
        try database.read { Array($0.reports.reversed().prefix(max(limit, 0))) }
    }
}
