public import LivepatchKit

/// The coverage table in an ``InMemoryDatabase``.
public struct InMemoryCoverageStore: CoverageStore {
    private let database: InMemoryDatabase

    public init(_ database: InMemoryDatabase) { self.database = database }

    public func coverage() async throws -> (table: CoverageTable, revision: CatalogRevision) {
        try database.read { ($0.coverage, $0.revision) }
    }

    public func setCoverage(
        _ local: [KernelCoverage], entry: ChangeEntry, expecting revision: CatalogRevision
    ) async throws -> Int64 {
        try database.write { tables in
            try tables.expect(revision)
            tables.coverage = CoverageTable(local: local, upstream: tables.coverage.upstream)
            tables.increaseRevision()
            return tables.record(entry, change: entry.change)
        }
    }
}
