public import LivepatchKit

/// The coverage table in an ``SQLiteDatabase``.
public struct SQLiteCoverageStore: CoverageStore {
    private let database: SQLiteDatabase

    public init(_ database: SQLiteDatabase) { self.database = database }

    public func coverage() async throws -> (table: CoverageTable, revision: CatalogRevision) {
        try await database.read { (table: try CoverageRows($0).table(), revision: try CatalogueRow($0).revision()) }
    }

    public func setCoverage(
        _ local: [KernelCoverage], entry: ChangeEntry, expecting revision: CatalogRevision
    ) async throws -> Int64 {
        try await database.write { db in
            try CatalogueRow(db).expect(revision)
            try CoverageRows(db).replace(.local, with: local)
            try CatalogueRow(db).increaseRevision()
            return try HistoryRows(db).add(entry, change: entry.change)
        }
    }
}
