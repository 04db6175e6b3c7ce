/// The difference between two ``TierState``s, and the tokens that move with it: what a plan applies in one transaction, what
/// the history keeps, and what an undo reverses.
public struct TierChange: Hashable, Sendable, Codable {
    /// The list of tiers before and after, if it changes.
    public struct TierListChange: Hashable, Sendable, Codable {
        public let before: [TierName]
        public let after: [TierName]
    }

    /// A patch version whose last tier changes; `nil` stands for no tier. Where the tiers change their order, a version is listed
    /// too if it keeps its last tier but not all that come before it.
    public struct ReachChange: Hashable, Sendable, Codable {
        public let version: PatchVersion
        public let before: TierName?
        public let after: TierName?
    }

    /// A tier that gets another name.
    public struct Renaming: Hashable, Sendable, Codable {
        public let before: TierName
        public let after: TierName
    }

    /// A sync token or an auth token that changes its tier.
    public struct TokenMove: Hashable, Sendable, Codable {
        /// A sync token's name, an auth token's id.
        public let token: String
        public let before: TierName
        public let after: TierName

        public init(token: String, before: TierName, after: TierName) {
            self.token = token
            self.before = before
            self.after = after
        }

        var inverse: TokenMove { TokenMove(token: token, before: after, after: before) }
    }

    public let tiers: TierListChange?
    /// The tiers in order, if versions change their place in them and the list stays: which tiers a version was in follows from it.
    /// Absent in what earlier releases recorded.
    public let order: [TierName]?
    public let reach: [ReachChange]
    public let blocked: [Block]
    public let unblocked: [Block]
    /// The sync tokens that move.
    public let tokens: [TokenMove]
    /// The auth tokens that move, with all their machines; `nil` for none. Absent in what earlier releases recorded.
    public let authTokens: [TokenMove]?

    /// What leads from one state to another.
    public init(from before: TierState, to after: TierState, tokens: [TokenMove] = [], authTokens: [TokenMove] = []) {
        tiers = before.tiers == after.tiers ? nil : TierListChange(before: before.tiers, after: after.tiers)
        let common = Set(before.tiers).intersection(after.tiers)
        let isReordered = before.tiers.filter(common.contains) != after.tiers.filter(common.contains)
        reach = Set(before.reach.keys).union(after.reach.keys).sorted()
            .filter { version in
                before.reach[version] != after.reach[version]
                    || isReordered
                        && common.intersection(before.tiers(holding: version))
                            != common.intersection(after.tiers(holding: version))
            }
            .map { ReachChange(version: $0, before: before.reach[$0], after: after.reach[$0]) }
        order = tiers == nil && !reach.isEmpty ? before.tiers : nil
        let old = Set(before.blocks)
        let new = Set(after.blocks)
        blocked = new.subtracting(old).sorted()
        unblocked = old.subtracting(new).sorted()
        self.tokens = tokens
        self.authTokens = authTokens.isEmpty ? nil : authTokens
    }

    private init(
        tiers: TierListChange?, order: [TierName]?, reach: [ReachChange], blocked: [Block], unblocked: [Block],
        tokens: [TokenMove], authTokens: [TokenMove]?
    ) {
        self.tiers = tiers
        self.order = order
        self.reach = reach
        self.blocked = blocked
        self.unblocked = unblocked
        self.tokens = tokens
        self.authTokens = authTokens
    }

    /// All tokens that move, of both kinds.
    var movedTokens: [TokenMove] { tokens + (authTokens ?? []) }

    /// Whether nothing changes.
    public var isEmpty: Bool {
        tiers == nil && reach.isEmpty && blocked.isEmpty && unblocked.isEmpty && movedTokens.isEmpty
    }

    /// The old and the new name, if all that changes is the name of one tier: it keeps its place, what it holds and its tokens.
    public var renaming: Renaming? {
        guard let tiers, tiers.before.count == tiers.after.count, blocked.isEmpty, unblocked.isEmpty else { return nil }
        let places = zip(tiers.before, tiers.after).filter { $0 != $1 }
        guard places.count == 1, let (old, new) = places.first, reach.allSatisfy({ $0.before == old && $0.after == new }),
            movedTokens.allSatisfy({ $0.before == old && $0.after == new })
        else { return nil }
        return Renaming(before: old, after: new)
    }

    /// The change that leads back.
    public var inverse: TierChange {
        TierChange(
            tiers: tiers.map { TierListChange(before: $0.after, after: $0.before) }, order: order,
            reach: reach.map { ReachChange(version: $0.version, before: $0.after, after: $0.before) },
            blocked: unblocked, unblocked: blocked,
            tokens: tokens.map(\.inverse), authTokens: authTokens.map { $0.map(\.inverse) })
    }

    /// The state that this change leads to from a state which holds, wherever the change touches it, what was there before.
    ///
    /// - Returns: `nil` if the state differs from what the change expects to find.
    public func applied(to state: TierState) -> TierState? {
        var state = state
        if let tiers {
            guard state.tiers == tiers.before else { return nil }
            state.tiers = tiers.after
        }
        for change in reach {
            guard state.reach[change.version] == change.before else { return nil }
            state.reach[change.version] = change.after
        }
        guard let blocks = blocks(appliedTo: state.blocks) else { return nil }
        state.blocks = blocks
        guard state.reach.values.allSatisfy(state.tiers.contains) else { return nil }
        return state
    }

    /// The blocks that the change leads to; `nil` if those which it lifts are not there, or those which it makes are.
    func blocks(appliedTo before: [Block]) -> [Block]? {
        let known = Set(before)
        guard known.isSuperset(of: unblocked), known.isDisjoint(with: blocked) else { return nil }
        let blocks = known.subtracting(unblocked).union(blocked)
        // A deployment blocks a version once: where it did so again since, with other words, the old block has no place.
        guard Set(blocks.map { BlockKey(version: $0.version, deployment: $0.deployment) }).count == blocks.count else {
            return nil
        }
        return blocks.sorted()
    }
}

private struct BlockKey: Hashable {
    let version: PatchVersion
    let deployment: DeploymentID
}
