public import FoundationEssentials

/// Who decides about tiers and promotions on a server.
public enum TierAuthority: Hashable, Sendable {
    /// Its own administrators.
    case local
    /// The upstream (`patch-sync.sync-tiers`), named without credentials.
    case upstream(String)
}

/// All changes of tiers, memberships and blocks: made as a plan, applied in one transaction, recorded, and undone by a new change.
public struct TierAdministration: Sendable {
    private let catalog: any Catalog
    private let tokens: any TokenStore
    private let authTokens: any AuthTokenStore
    private let authority: TierAuthority
    private let now: @Sendable () -> Date

    /// - Parameter now: the current time.
    public init(
        catalog: any Catalog, tokens: any TokenStore, authTokens: any AuthTokenStore, authority: TierAuthority,
        now: @escaping @Sendable () -> Date
    ) {
        self.catalog = catalog
        self.tokens = tokens
        self.authTokens = authTokens
        self.authority = authority
        self.now = now
    }

    /// What the command would change now. Nothing is touched.
    /// - Throws: ``LivepatchError`` if the command refers to what does not exist, or is refused.
    public func plan(_ command: TierCommand) async throws -> TierPlan {
        try await planned(command).plan
    }

    /// The mark under which exactly that plan can be asked for.
    public func mark(of plan: TierPlan) async throws -> PlanMark {
        try PlanMark(plan.marked, after: try await catalog.history(limit: 1, before: nil).first?.id ?? 0)
    }

    /// Carries out the command.
    /// - Parameters:
    ///   - actor: who asks, for the history.
    ///   - mark: that of the plan that was shown; `nil` for whatever the command does now.
    /// - Returns: what was changed, and the change's number; no number if there was nothing to change.
    /// - Throws: ``LivepatchError`` as ``plan(_:)`` does, with the code `precondition-failed` if the plan is another one by now, and with the
    ///   code `catalogue-changed` if others keep changing the catalogue at the same time.
    public func carryOut(
        _ command: TierCommand, by actor: String, expecting mark: PlanMark? = nil
    ) async throws -> (plan: TierPlan, change: Int64?) {
        var attempts = 0
        while true {
            let (plan, revision) = try await planned(command)
            try await mark?.expect(plan.marked) { try await catalog.history(limit: $0, before: nil) }
            if plan.isEmpty { return (plan, nil) }
            var undoes: Int64?
            if case .undo(let change) = command { undoes = change }
            let entry = ChangeEntry(
                time: now(), actor: actor, action: command.description, reason: command.reason, change: plan.change,
                undoes: undoes)
            do {
                return (plan, try await catalog.apply(plan.change, entry: entry, expecting: revision))
            } catch let error as LivepatchError where error.code == .catalogueChanged && attempts < 10 {
                attempts += 1
            }
        }
    }

    /// The role that the command takes. An undo takes what is needed for the reverse of what it undoes: that of a change which touched
    /// the tiers themselves, or moved tokens, `admin`.
    public func role(for command: TierCommand) async throws -> AdministratorRole {
        if let role = command.role { return role }
        guard case .undo(let id) = command, let change = try await catalog.change(id)?.change else { return .operate }
        return change.tiers == nil && change.movedTokens.isEmpty ? .operate : .admin
    }

    private func planned(_ command: TierCommand) async throws -> (plan: TierPlan, revision: CatalogRevision) {
        try refuseWhatTheUpstreamDecides(command)
        let (state, revision) = try await catalog.tierState()
        let now = now()
        let usable = try await tokens.syncTokens().filter { $0.isUsable(at: now) }
        let authTokens = try await self.authTokens.authTokens().map(\.token).filter { $0.holdsTier(at: now) }
        let situation = TierPlanner.Situation(
            state: state,
            versions: Set(try await catalog.versions().map(\.version)),
            tokens: Dictionary(usable.map { ($0.name, $0.tier) }) { first, _ in first },
            authTokens: Dictionary(authTokens.map { ($0.id, $0.tier) }) { first, _ in first },
            deployment: try await catalog.deployment())
        let planner = TierPlanner(situation, now: now)
        switch command {
        case .restore(let id):
            guard let snapshot = try await catalog.tierSnapshots().first(where: { $0.id == id }) else {
                throw LivepatchError(
                    .notFound, "There is no tier snapshot \(id).", suggestion: "See `livepatch-admin tier snapshots`.")
            }
            return (try planner.plan(restoring: snapshot, command: command), revision)
        case .undo(let id):
            guard let record = try await catalog.change(id) else {
                throw LivepatchError(.changeUnknown, "There is no change \(id).", suggestion: "See `livepatch-admin history`.")
            }
            if case .upstream = authority, record.change?.concernsBlocksOnly == false {
                try refuseWhatTheUpstreamDecides(.restore(snapshot: 0), asked: command)
            }
            return (try planner.plan(undoing: record, command: command), revision)
        default:
            return (try planner.plan(command), revision)
        }
    }

    /// With `sync-tiers` only blocks are decided locally: they stop delivery here and below, and change no membership.
    private func refuseWhatTheUpstreamDecides(_ command: TierCommand, asked: TierCommand? = nil) throws {
        guard case .upstream(let upstream) = authority else { return }
        switch command {
        case .block, .unblock, .undo: return
        default:
            throw LivepatchError(
                .managedUpstream,
                "'\(asked ?? command)' is refused: tiers and promotions on this server are those of its upstream \(upstream) (patch-sync.sync-tiers is on).",
                suggestion: "Run the command against the server that owns the tiers, or set patch-sync.sync-tiers=false here.")
        }
    }
}

extension TierChange {
    /// Whether neither tiers nor memberships nor tokens change.
    var concernsBlocksOnly: Bool { tiers == nil && reach.isEmpty && movedTokens.isEmpty }
}
