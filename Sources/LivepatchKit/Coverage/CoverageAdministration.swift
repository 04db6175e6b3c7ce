public import FoundationEssentials

/// Changes of a server's own coverage entries: planned, carried out in one transaction, recorded.
public struct CoverageAdministration: Sendable {
    private let store: any CoverageStore
    private let now: @Sendable () -> Date

    /// - Parameter now: the current time.
    public init(store: any CoverageStore, now: @escaping @Sendable () -> Date) {
        self.store = store
        self.now = now
    }

    /// The table as it is.
    public func table() async throws -> CoverageTable { try await store.coverage().table }

    /// What a change would do now. Nothing is touched.
    /// - Throws: ``LivepatchError`` with the codes `malformed-value` and `not-found`.
    public func plan(_ change: CoverageChange) async throws -> CoveragePlan {
        try CoveragePlan(change, of: try await store.coverage().table)
    }

    /// Carries out a change.
    /// - Parameter actor: who asks, for the history.
    /// - Returns: what was changed, and the change's number; no number if there was nothing to change.
    /// - Throws: ``LivepatchError`` as ``plan(_:)`` does, and with the code `catalogue-changed` if others keep changing the catalogue
    ///   at the same time.
    public func carryOut(_ change: CoverageChange, by actor: String) async throws -> (plan: CoveragePlan, change: Int64?) {
        var attempts = 0
        while true {
            let (table, revision) = try await store.coverage()
            let plan = try CoveragePlan(change, of: table)
            if plan.isEmpty { return (plan, nil) }
            let entry = ChangeEntry(time: now(), actor: actor, action: "\(change)")
            do {
                return (plan, try await store.setCoverage(plan.applied(to: table.local), entry: entry, expecting: revision))
            } catch let error as LivepatchError where error.code == .catalogueChanged && attempts < 10 {
                attempts += 1
            }
        }
    }
}
