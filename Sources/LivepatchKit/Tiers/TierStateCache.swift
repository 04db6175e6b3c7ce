import Synchronization

/// The tier state in memory, read again only when the catalogue's revision has moved.
public actor TierStateCache {
    public typealias Known = (state: TierState, revision: CatalogRevision)

    private let catalog: any Catalog
    /// What tells whether the revision has moved.
    public nonisolated let revisions: CoalescedRevision
    private nonisolated let known = Mutex<Known?>(nil)
    private var reading: Task<Known, any Error>?

    public init(catalog: any Catalog) {
        self.catalog = catalog
        revisions = CoalescedRevision(catalog: catalog)
    }

    /// The state as it is now, whoever changed it.
    public func current() async throws -> (state: TierState, revision: CatalogRevision) {
        try await current(as: revisions.current())
    }

    /// The state of a revision that has just been read, or a newer one.
    public func current(as revision: CatalogRevision) async throws -> (state: TierState, revision: CatalogRevision) {
        if let known = remembered(as: revision) { return known }
        // Another caller's read may have begun before the change; one that begins now has not.
        if let reading {
            let fresh = try await reading.value
            if fresh.revision >= revision { return fresh }
        }
        return try await read().value
    }

    /// The state of a revision that has just been read, or a newer one, for whoever cannot wait.
    /// - Returns: `nil` if it has to be read first.
    public nonisolated func remembered(as revision: CatalogRevision) -> Known? {
        known.withLock { known in known.flatMap { $0.revision >= revision ? $0 : nil } }
    }

    private func read() -> Task<Known, any Error> {
        if let reading { return reading }
        let task = Task {
            defer { reading = nil }
            let fresh: Known = try await catalog.tierState()
            known.withLock { known in
                if known.map({ $0.revision < fresh.revision }) ?? true { known = fresh }
            }
            return fresh
        }
        reading = task
        return task
    }
}
