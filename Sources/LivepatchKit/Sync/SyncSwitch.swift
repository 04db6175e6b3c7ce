import FoundationEssentials

/// Works out the one transaction at the end of a sync.
struct SyncSwitch {
    let request: SyncRequest
    let situation: SyncSituation
    let view: UpstreamView
    let harvest: SyncHarvest
    let work: SyncWork

    func commit() -> (SyncCommit, SyncEngine.Outcome) {
        let changed = work.changed.filter { !harvest.excluded.contains($0.version) }
        let shown = view.versions
        let removed = situation.versions
            .filter { $0.value.source == .synced && shown[$0.key] == nil && !kept.contains($0.key) }
            .map(\.key).sorted()
        let added = changed.map(\.version).filter { situation.versions[$0] == nil }.sorted()
        let (tiers, reach, tokens, authTokens, notes) = tiersAfterwards(added: added, removed: Set(removed))
        let complete = harvest.failures.isEmpty && view.findings.failures.isEmpty
        let state = SyncState(
            route: view.head.route, upstreamFilters: view.head.filters, filter: request.filter,
            mirrorsTiers: request.mirrorsTiers, revocations: view.head.revocations.digest,
            coverage: view.head.coverage?.digest,
            basis: complete
                ? SyncBasis(tag: view.tag, filter: request.filter, mirrorsTiers: request.mirrorsTiers, mode: request.mode) : nil,
            relayed: view.findings.relayed, proof: view.findings.proof)
        let replacesTiers = request.mirrorsTiers && !situation.sync.mirrorsTiers
        let commit = SyncCommit(
            expected: situation.revision,
            changed: changed.map { ($0.version, $0.document) },
            documents: Set(
                [view.head.revocations, view.head.tiers, view.head.coverage].compactMap { $0?.digest }
                    + view.tiers.map(\.document.digest)
                    + view.findings.relayed.flatMap { $0.files.values.map(\.digest) }),
            arrived: harvest.arrived, awaited: harvest.awaited,
            unavailable: Set(harvest.failures.compactMap(\.file)), removed: removed, tiers: tiers, reach: reach,
            tokens: tokens, authTokens: authTokens,
            snapshotReason: replacesTiers
                ? "patch-sync.sync-tiers was turned on: the tiers became those of \(view.head.route)" : nil,
            coverage: view.coverage, state: state,
            entry: ChangeEntry(time: .distantPast, actor: ChangeRecord.upstreamActor, action: "sync from \(view.head.route)"))
        var outcome = SyncEngine.Outcome(result: complete ? .complete : .partial)
        outcome.added = added
        outcome.changed = changed.map(\.version).filter { version in
            situation.versions[version].map { $0.document != shown[version] } ?? false
        }.sorted()
        outcome.removed = removed
        outcome.notes = notes
        if shown.isEmpty, !view.withheld.isEmpty {
            outcome.notes.append(
                "All that the upstream's tier '\(view.head.tier)' holds is blocked (\(SyncEngine.list(view.withheld))), so it offers nothing."
            )
        }
        let sameTiers = tiers == situation.tiers.tiers && reach == situation.tiers.reach
        // They were applied before; the sync that brought them is to say so.
        let sameBlocks = situation.sync.revocations == view.head.revocations.digest
        let sameCoverage = situation.sync.coverage == view.head.coverage?.digest
        let nothingNew =
            added.isEmpty && outcome.changed.isEmpty && removed.isEmpty && harvest.arrived.isEmpty && harvest.files == 0
        if complete, nothingNew, sameTiers, sameBlocks, sameCoverage { outcome.result = .unchanged }
        return (commit, outcome)
    }

    /// What is not in the upstream's tiers, but stays: what it blocks must find its place again when it is unblocked, and what it could
    /// not prove is no word about what was proven before.
    private var kept: Set<PatchVersion> {
        let unproven = harvest.excluded.filter { situation.versions[$0]?.source == .synced }
        return view.blocked.union(view.findings.refused).union(unproven)
    }

    private typealias Tiers = (
        tiers: [TierName], reach: [PatchVersion: TierName], tokens: [TierChange.TokenMove], authTokens: [TierChange.TokenMove],
        notes: [String]
    )

    private func tiersAfterwards(added: [PatchVersion], removed: Set<PatchVersion>) -> Tiers {
        request.mirrorsTiers ? mirroredTiers(removed: removed) : ownTiers(added: added, removed: removed)
    }

    /// What comes enters the first tier; all else is this server's own business.
    private func ownTiers(added: [PatchVersion], removed: Set<PatchVersion>) -> Tiers {
        var reach = situation.tiers.reach.filter { !removed.contains($0.key) }
        for version in added { reach[version] = situation.tiers.tiers.first }
        return (situation.tiers.tiers, reach, [], [], [])
    }

    private func mirroredTiers(removed: Set<PatchVersion>) -> Tiers {
        let tiers = view.tiers.map(\.name)
        var reach = view.reach.filter { !harvest.excluded.contains($0.key) }
        for version in kept where reach[version] == nil && situation.versions[version] != nil {
            reach[version] = situation.tiers.reach[version].flatMap { tiers.contains($0) ? $0 : nil }
        }
        // A token whose tier is gone must not show more than it did: the last tier shows least.
        let moves = { (tokens: [String: TierName]) in
            tokens.sorted { $0.key < $1.key }.compactMap { name, tier in
                tiers.contains(tier) ? nil : tiers.last.map { TierChange.TokenMove(token: name, before: tier, after: $0) }
            }
        }
        let (tokens, authTokens) = (moves(situation.tokens), moves(situation.authTokens))
        var notes: [String] = []
        if !situation.sync.mirrorsTiers {
            let names = { (tiers: [TierName]) in tiers.map(\.description).joined(separator: ", ") }
            let moved = situation.tiers.reach.filter { reach[$0.key] != $0.value }.count
            notes.append(
                "patch-sync.sync-tiers replaced this server's tiers (\(names(situation.tiers.tiers))) with the upstream's (\(names(tiers))), and \(moved) membership\(moved == 1 ? "" : "s") with them; a snapshot was kept (`livepatch-admin tier snapshots`)."
            )
        }
        for move in tokens {
            notes.append("Sync token '\(move.token)' moved from tier '\(move.before)', which is gone, to '\(move.after)'.")
        }
        for move in authTokens {
            notes.append(
                "Auth token '\(move.token)' moved with its machines from tier '\(move.before)', which is gone, to '\(move.after)'."
            )
        }
        return (tiers, reach, tokens, authTokens, notes)
    }
}
