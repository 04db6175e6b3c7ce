/// The tier state in memory, read again only when the catalogue's revision has moved.
public actor TierStateCache {
    private let catalog: any Catalog
    private var known: (state: TierState, revision: CatalogRevision)?

    public init(catalog: any Catalog) { self.catalog = catalog }

    /// The state as it is now, whoever changed it.
    public func current() async throws -> (state: TierState, revision: CatalogRevision) {
        try await current(as: catalog.revision())
    }

    /// The state of a revision that has just been read, or a newer one.
    public func current(as revision: CatalogRevision) async throws -> (state: TierState, revision: CatalogRevision) {
        if let known, known.revision == revision { return known }
        let fresh = try await catalog.tierState()
        known = fresh
        return fresh
    }
}
