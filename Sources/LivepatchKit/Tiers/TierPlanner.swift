public import FoundationEssentials

/// Works out what a command changes, from the state alone.
public struct TierPlanner: Sendable {
    /// All that a plan is made from.
    public struct Situation: Sendable {
        public var state: TierState
        /// The patch versions in the catalogue.
        public var versions: Set<PatchVersion>
        /// The sync tokens that can still be used, by name, with their tiers.
        public var tokens: [String: TierName]
        /// The auth tokens that have not been revoked, by id, with their tiers.
        public var authTokens: [String: TierName]
        /// The deployment whose administrator asks.
        public var deployment: DeploymentID

        public init(
            state: TierState, versions: Set<PatchVersion>, tokens: [String: TierName], authTokens: [String: TierName] = [:],
            deployment: DeploymentID
        ) {
            self.state = state
            self.versions = versions
            self.tokens = tokens
            self.authTokens = authTokens
            self.deployment = deployment
        }
    }

    public let situation: Situation
    private let now: Date

    public init(_ situation: Situation, now: Date) {
        self.situation = situation
        self.now = now
    }

    /// The plan for one of the commands that are decided by the state alone.
    ///
    /// - Precondition: the command is neither `restore` nor `undo`, which need what ``plan(restoring:command:)`` and
    ///   ``plan(undoing:command:)`` take.
    /// - Throws: ``LivepatchError`` if the command refers to what does not exist, or is refused.
    public func plan(_ command: TierCommand) throws -> TierPlan {
        switch command {
        case .addTier(let name, let position): try add(name, at: position, command)
        case .removeTier(let name, let force): try remove(name, force: force, command)
        case .renameTier(let name, let newName): try rename(name, to: newName, command)
        case .moveTier(let name, let position): try move(name, to: position, command)
        case .promote(let version, let tier): try promote([version], to: tier, command)
        case .promoteAll(let from, let to): try promoteAll(from: from, to: to, command)
        case .withdraw(let version, let tier): try withdraw(version, from: tier, command)
        case .block(let version, let reason): try block(version, reason, command)
        case .unblock(let version, _): try unblock(version, command)
        case .restore, .undo: preconditionFailure("restore and undo are planned from what they restore and undo")
        }
    }

    /// The plan that brings back the tiers of a snapshot. Versions that were in no tier then are in none afterwards, and versions
    /// that are no longer in the catalogue are left out. Versions that came after the snapshot enter the first tier if they are in
    /// one now, and stay out of all of them if they are in none.
    public func plan(restoring snapshot: TierSnapshot, command: TierCommand) throws -> TierPlan {
        var after = situation.state
        after.tiers = snapshot.tiers
        after.reach = [:]
        let unplaced = Set(snapshot.unplaced ?? [])
        for version in situation.versions.subtracting(unplaced) {
            after.reach[version] = snapshot.reach[version] ?? situation.state.reach[version].flatMap { _ in snapshot.tiers.first }
        }
        let missing = snapshot.reach.keys.filter { !situation.versions.contains($0) }.sorted()
        let notes =
            missing.isEmpty
            ? [] : ["No longer in the catalogue, and so not restored: \(missing.map(\.description).joined(separator: ", "))."]
        return try plan(to: after, command, notes: notes, orphans: .refuse)
    }

    /// The plan that reverses a recorded change: what it touched is as it was before, and what has happened to other things since
    /// stays. A renamed tier gets its old name back with all that it holds by now.
    ///
    /// - Throws: ``LivepatchError`` with the code `not-undoable`, saying what is in the way.
    public func plan(undoing record: ChangeRecord, command: TierCommand) throws -> TierPlan {
        let undo = try TierUndo(record, in: situation)
        if let renaming = try undo.renaming() { return try rename(renaming.before, to: renaming.after, command) }
        let (after, notes) = try undo.state()
        return try plan(to: after, command, notes: notes, moves: try undo.tokens(), authMoves: try undo.authTokens())
    }

    // MARK: Tiers

    private func add(_ name: TierName, at position: TierPosition, _ command: TierCommand) throws -> TierPlan {
        guard situation.state.position(of: name) == nil else {
            throw LivepatchError(
                .alreadyExists, "There is a tier '\(name)' already.", suggestion: "See `livepatch-admin tier list`.")
        }
        var after = situation.state
        after.tiers.insert(name, at: try index(of: position, in: after.tiers))
        return try plan(to: after, command)
    }

    private func remove(_ name: TierName, force: Bool, _ command: TierCommand) throws -> TierPlan {
        let position = try self.position(of: name)
        guard situation.state.tiers.count > 1 else {
            throw LivepatchError(
                .lastTier, "'\(name)' is the only tier and cannot be removed.", suggestion: "Add another one first.")
        }
        var after = situation.state
        after.tiers.remove(at: position)
        let previous = position > 0 ? after.tiers[position - 1] : nil
        for (version, reached) in after.reach where reached == name { after.reach[version] = previous }
        // Where there is no previous tier, the next one shows its tokens less, never more.
        return try plan(to: after, command, orphans: force ? .move(to: previous ?? after.tiers[0]) : .refuseUnlessForced)
    }

    private func rename(_ name: TierName, to newName: TierName, _ command: TierCommand) throws -> TierPlan {
        let position = try self.position(of: name)
        guard name != newName else { return try plan(to: situation.state, command) }
        guard situation.state.position(of: newName) == nil else {
            throw LivepatchError(
                .alreadyExists, "There is a tier '\(newName)' already.", suggestion: "See `livepatch-admin tier list`.")
        }
        var after = situation.state
        after.tiers[position] = newName
        for (version, reached) in after.reach where reached == name { after.reach[version] = newName }
        return try plan(to: after, command, orphans: .move(to: newName))
    }

    /// A tier that moves must not show anybody what they did not see before: in the new order each version keeps only the tiers up
    /// to the first one that did not hold it.
    private func move(_ name: TierName, to position: TierPosition, _ command: TierCommand) throws -> TierPlan {
        let before = situation.state
        var after = before
        after.tiers.remove(at: try self.position(of: name))
        switch position {
        case .before(let tier) where tier == name, .after(let tier) where tier == name: return try plan(to: before, command)
        default: after.tiers.insert(name, at: try index(of: position, in: after.tiers))
        }
        for version in before.reach.keys {
            let held = Set(before.tiers(holding: version))
            after.reach[version] = after.tiers.prefix { held.contains($0) }.last
        }
        return try plan(to: after, command)
    }

    // MARK: Patch versions

    private func promote(_ versions: [PatchVersion], to tier: TierName, _ command: TierCommand) throws -> TierPlan {
        let position = try self.position(of: tier)
        var after = situation.state
        var notes: [String] = []
        for version in versions {
            try require(version)
            if (after.reachedPosition(of: version) ?? -1) < position { after.reach[version] = tier }
            if after.isBlocked(version) {
                notes.append("\(version) is blocked: it stays out of every tier until it is unblocked.")
            }
        }
        return try plan(to: after, command, notes: notes)
    }

    private func promoteAll(from: TierName, to: TierName, _ command: TierCommand) throws -> TierPlan {
        guard try position(of: from) <= position(of: to) else {
            throw LivepatchError(
                .malformedRequest, "Tier '\(from)' comes after '\(to)', and promotion only goes to later tiers.",
                suggestion: "To take a patch version out of a tier use `livepatch-admin patch withdraw`.")
        }
        return try promote(situation.state.members(of: from), to: to, command)
    }

    private func withdraw(_ version: PatchVersion, from tier: TierName, _ command: TierCommand) throws -> TierPlan {
        let position = try self.position(of: tier)
        try require(version)
        var after = situation.state
        if let reached = after.reachedPosition(of: version), reached >= position {
            after.reach[version] = position > 0 ? after.tiers[position - 1] : nil
        }
        return try plan(to: after, command)
    }

    private func block(_ version: PatchVersion, _ reason: String, _ command: TierCommand) throws -> TierPlan {
        try require(version)
        guard !reason.isEmpty, reason.utf8.count <= 1000, !reason.contains(where: \.isNewline) else {
            throw LivepatchError(
                .malformedValue, "A block needs a reason of one line, at most 1000 bytes.", suggestion: "Say why with --reason.")
        }
        var after = situation.state
        if !after.blocks.contains(where: { $0.version == version && $0.deployment == situation.deployment }) {
            let block = Block(
                version: version, reason: reason, blocked: Timestamp.wholeSecond(now), deployment: situation.deployment)
            after.blocks = (after.blocks + [block]).sorted()
        }
        return try plan(to: after, command)
    }

    private func unblock(_ version: PatchVersion, _ command: TierCommand) throws -> TierPlan {
        // A block outlives its version's files, and can still be lifted then.
        if !situation.state.isBlocked(version) { try require(version) }
        var after = situation.state
        after.blocks.removeAll { $0.version == version && $0.deployment == situation.deployment }
        let others = after.blocks.filter { $0.version == version }.map(\.deployment)
        let names = others.map(\.description).joined(separator: ", ")
        if !others.isEmpty, after == situation.state {
            throw LivepatchError(
                .blockedUpstream, "\(version) was blocked upstream, by deployment \(names), and can only be unblocked there.",
                suggestion: "Run `livepatch-admin patch unblock \(version)` against that server.")
        }
        let notes = others.isEmpty ? [] : ["\(version) stays blocked: deployment \(names) blocked it too."]
        return try plan(to: after, command, notes: notes)
    }

    // MARK: Common

    /// What becomes of tokens whose tier is gone.
    private enum Orphans {
        case refuse
        case refuseUnlessForced
        case move(to: TierName)
    }

    private func plan(
        to after: TierState, _ command: TierCommand, notes: [String] = [], moves: [TierChange.TokenMove] = [],
        authMoves: [TierChange.TokenMove] = [], orphans: Orphans = .refuse
    ) throws -> TierPlan {
        var (moves, authMoves) = (moves, authMoves)
        let orphaned = Self.orphaned(situation.tokens, in: after, besides: moves)
        let authOrphaned = Self.orphaned(situation.authTokens, in: after, besides: authMoves)
        if !orphaned.isEmpty || !authOrphaned.isEmpty {
            switch orphans {
            case .move(let tier):
                moves = orphaned.map { .init(token: $0.key, before: $0.value, after: tier) }
                authMoves = authOrphaned.map { .init(token: $0.key, before: $0.value, after: tier) }
            case .refuse:
                throw Self.tierInUse(
                    "tiers that would be gone", orphaned, authOrphaned,
                    suggestion:
                        "Revoke them first with `livepatch-admin \(orphaned.isEmpty ? "auth-tokens revoke ID" : "sync-tokens revoke NAME")`."
                )
            case .refuseUnlessForced:
                throw Self.tierInUse(
                    "the tier", orphaned, authOrphaned,
                    suggestion: "Revoke them, or use --force to move them to the previous tier.")
            }
        }
        return TierPlan(
            command: command, from: situation.state, to: after, tokens: moves, authTokens: authMoves, notes: notes)
    }

    /// The tokens whose tier would be gone and which do not move, in order.
    private static func orphaned(
        _ tokens: [String: TierName], in after: TierState, besides moves: [TierChange.TokenMove]
    ) -> [(key: String, value: TierName)] {
        let moved = Set(moves.map(\.token))
        return tokens.filter { !after.tiers.contains($0.value) && !moved.contains($0.key) }.sorted { $0.key < $1.key }
    }

    private static func tierInUse(
        _ what: String, _ tokens: [(key: String, value: TierName)], _ authTokens: [(key: String, value: TierName)],
        suggestion: String
    ) -> LivepatchError {
        let sentences = [("Sync", tokens), ("Auth", authTokens)].filter { !$0.1.isEmpty }.map { kind, tokens in
            "\(kind) tokens refer to \(what): \(tokens.map { "'\($0.key)' (\($0.value))" }.joined(separator: ", "))."
        }
        return LivepatchError(.tierInUse, sentences.joined(separator: " "), suggestion: suggestion)
    }

    private func position(of tier: TierName) throws -> Int {
        guard let position = situation.state.position(of: tier) else {
            let names = situation.state.tiers.map(\.description).joined(separator: ", ")
            throw LivepatchError(.tierUnknown, "There is no tier '\(tier)'.", suggestion: "The tiers are: \(names).")
        }
        return position
    }

    private func index(of position: TierPosition, in tiers: [TierName]) throws -> Int {
        switch position {
        case .last: tiers.count
        case .before(let tier): try self.position(of: tier, in: tiers)
        case .after(let tier): try self.position(of: tier, in: tiers) + 1
        }
    }

    private func position(of tier: TierName, in tiers: [TierName]) throws -> Int {
        guard let index = tiers.firstIndex(of: tier) else { return try position(of: tier) }
        return index
    }

    private func require(_ version: PatchVersion) throws {
        guard situation.versions.contains(version) else {
            throw LivepatchError(
                .versionUnknown, "There is no patch version \(version) in the catalogue.",
                suggestion: "See `livepatch-admin patch list`.")
        }
    }
}
