public import FoundationEssentials

/// Changes of a server's own coverage entries: planned, carried out in one transaction, recorded.
public struct CoverageAdministration: Sendable {
    private let store: any CoverageStore
    private let catalog: any Catalog
    private let now: @Sendable () -> Date

    /// - Parameters:
    ///   - catalog: has the history.
    ///   - now: the current time.
    public init(store: any CoverageStore, catalog: any Catalog, now: @escaping @Sendable () -> Date) {
        self.store = store
        self.catalog = catalog
        self.now = now
    }

    /// The table as it is.
    public func table() async throws -> CoverageTable { try await store.coverage().table }

    /// What a change would do now. Nothing is touched.
    /// - Throws: ``LivepatchError`` with the codes `malformed-value` and `not-found`.
    public func plan(_ change: CoverageChange) async throws -> CoveragePlan {
        try CoveragePlan(change, of: try await store.coverage().table)
    }

    /// The mark under which exactly that plan can be asked for.
    public func mark(of plan: CoveragePlan) async throws -> PlanMark {
        try PlanMark(plan, after: try await catalog.history(limit: 1, before: nil).first?.id ?? 0)
    }

    /// Carries out a change.
    /// - Parameters:
    ///   - actor: who asks, for the history.
    ///   - mark: that of the plan that was shown; `nil` for whatever the change does now.
    /// - Returns: what was changed, and the change's number; no number if there was nothing to change.
    /// - Throws: ``LivepatchError`` as ``plan(_:)`` does, with the code `precondition-failed` if the plan is another one by now, and with the
    ///   code `catalogue-changed` if others keep changing the catalogue at the same time.
    public func carryOut(
        _ change: CoverageChange, by actor: String, expecting mark: PlanMark? = nil
    ) async throws -> (plan: CoveragePlan, change: Int64?) {
        var attempts = 0
        while true {
            let (table, revision) = try await store.coverage()
            let plan = try CoveragePlan(change, of: table)
            try await mark?.expect(plan) { try await catalog.history(limit: $0, before: nil) }
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
