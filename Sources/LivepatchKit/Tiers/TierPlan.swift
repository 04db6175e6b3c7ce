/// What a command would change, worked out before anything is touched: it can be printed (`--dry-run`) or applied.
public struct TierPlan: Hashable, Sendable, Codable {
    /// What a tier's machines and downstreams would see appear and disappear.
    public struct Effect: Hashable, Sendable, Codable {
        public let tier: TierName
        public let appearing: [PatchVersion]
        public let disappearing: [PatchVersion]
    }

    public let command: TierCommand
    public let change: TierChange
    /// The tier that gets another name, if that is what changes.
    public let renamed: TierChange.Renaming?
    /// What each tier gains and loses, in tier order, tiers that are added or removed among them; tiers that stay as they are
    /// do not appear. A tier that gets another name stays as it is.
    public let effects: [Effect]
    /// What the administrator should know besides, in whole sentences.
    public let notes: [String]

    init(
        command: TierCommand, from before: TierState, to after: TierState, tokens: [TierChange.TokenMove],
        authTokens: [TierChange.TokenMove] = [], notes: [String]
    ) {
        self.command = command
        self.notes = notes
        let change = TierChange(from: before, to: after, tokens: tokens, authTokens: authTokens)
        let renamed = change.renaming
        self.change = change
        self.renamed = renamed
        let names = after.tiers + before.tiers.filter { !after.tiers.contains($0) && $0 != renamed?.before }
        effects = names.compactMap { tier in
            let oldName = renamed.map { tier == $0.after ? $0.before : tier } ?? tier
            let old = Set(before.offered(in: oldName))
            let new = Set(after.offered(in: tier))
            return old == new
                ? nil
                : Effect(
                    tier: tier, appearing: new.subtracting(old).sorted(), disappearing: old.subtracting(new).sorted())
        }
    }

    /// Whether the command would change nothing.
    public var isEmpty: Bool { change.isEmpty }

    /// What a ``PlanMark`` holds fast: what changes and who sees it, without the tiers that are not concerned and the time of new blocks.
    struct Marked: Encodable {
        struct NewBlock: Encodable {
            let version: PatchVersion
            let reason: String
            let deployment: DeploymentID
        }

        let tiers: TierChange.TierListChange?
        let reach: [TierChange.ReachChange]
        let blocked: [NewBlock]
        let unblocked: [Block]
        let moves: [[TierChange.TokenMove]]
        let effects: [Effect]
    }

    var marked: Marked {
        Marked(
            tiers: change.tiers, reach: change.reach,
            blocked: change.blocked.map { .init(version: $0.version, reason: $0.reason, deployment: $0.deployment) },
            unblocked: change.unblocked, moves: [change.tokens, change.authTokens ?? []], effects: effects)
    }
}
