import GRDB
public import LivepatchKit

/// The sync reports in an ``SQLiteDatabase``.
public struct SQLiteSyncReportStore: SyncReportStore {
    private let database: SQLiteDatabase

    public init(_ database: SQLiteDatabase) { self.database = database }

    public func add(_ report: SyncReport) async throws -> SyncReport {
        try await database.write { db in
            try db.execute(sql: "INSERT INTO sync_report (report) VALUES (?)", arguments: [try Column.json(report)])
            let id = db.lastInsertedRowID
            try db.execute(sql: "DELETE FROM sync_report WHERE id <= ?", arguments: [id - 1000])
            var stored = try Column.value(SyncReport.self, json: try Column.json(report))
            stored.id = id
            return stored
        }
    }

    public func reports(limit: Int) async throws -> [SyncReport] {
        try await database.read { db in
            try Row.fetchAll(
                db, sql: "SELECT id, report FROM sync_report ORDER BY id DESC LIMIT ?", arguments: [max(limit, 0)]
            ).map { row in
                var report = try Column.value(SyncReport.self, json: row[1])
                report.id = row[0]
                return report
            }
        }
    }
}
