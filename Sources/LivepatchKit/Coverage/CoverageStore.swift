/// Where the coverage table is kept. The upstream's part of it is written by ``Catalog/commit(_:)``.
public protocol CoverageStore: Sendable {
    /// The table, with the catalogue's revision that it belongs to.
    func coverage() async throws -> (table: CoverageTable, revision: CatalogRevision)
    /// Replaces this server's own entries and records that, if the catalogue still has the revision that the change was made from.
    /// Increases it.
    /// - Parameter local: no two for the same kernels.
    /// - Returns: the record's number.
    /// - Throws: ``LivepatchError`` with the code `catalogue-changed`.
    func setCoverage(_ local: [KernelCoverage], entry: ChangeEntry, expecting revision: CatalogRevision) async throws -> Int64
}
