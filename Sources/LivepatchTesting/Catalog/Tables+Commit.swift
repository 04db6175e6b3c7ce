import LivepatchKit

extension Tables {
    /// The switch to a new view at the end of a sync.
    mutating func switchTo(_ commit: SyncCommit) throws {
        try expect(commit.expected)
        let before = tiers
        var visible = !commit.state.publishesSame(as: syncState)

        if let reason = commit.snapshotReason {
            snapshots.append(
                TierSnapshot(
                    id: Int64(snapshots.count + 1), taken: commit.entry.time, reason: reason, tiers: before.tiers,
                    reach: before.reach, unplaced: before.unplaced(among: versions.keys)))
        }
        for (version, reference) in commit.changed where try change(version, to: reference, commit) { visible = true }
        for version in commit.removed where removeVersion(version) { visible = true }
        let changed = Set(commit.changed.map(\.version))
        for name in commit.arrived where !changed.contains(name.version) && !commit.unavailable.contains(name) {
            if setAvailable(true, name, awaited: commit.awaited) { visible = true }
        }
        for name in commit.unavailable where !changed.contains(name.version) && setAvailable(false, name) { visible = true }

        let coverage = CoverageTable(local: self.coverage.local, upstream: commit.coverage)
        if coverage != self.coverage { visible = true }
        self.coverage = coverage

        let after = try commit.tierState(from: before, versions: Set(versions.keys))
        let moves = commit.tokens.fitting(tokens)
        for (_, token) in moves { writeTier(of: token) }
        let authMoves = commit.movingAuthTokens(authTokens.map(\.token))
        for (_, token) in authMoves { writeTier(of: token) }
        let change = TierChange(
            from: before, to: after, tokens: moves.map(\.move), authTokens: authMoves.map(\.move))
        tiers = after

        let renewed = commit.state.relayed != syncState.relayed
        syncState = commit.state
        fetched = fetched.filter { commit.documents.contains($0.key) }
        if !change.isEmpty { visible = true }
        if visible { record(commit.entry, change: change) }
        // Metadata that was renewed is news to downstreams, and none to whoever reads the history.
        if visible || renewed { increaseRevision() }
    }

    /// - Returns: whether that changed anything.
    private mutating func change(
        _ version: PatchVersion, to reference: DocumentReference, _ commit: SyncCommit
    ) throws -> Bool {
        guard let bytes = bytes(reference.digest) else { throw LivepatchError.documentNotKept(version, reference) }
        let document = try VersionDocument(reading: bytes, of: version)
        let known = versions[version]
        let files = VersionSwitch(
            from: files(of: version), to: document, state: commit.state, unavailable: commit.unavailable,
            awaited: commit.awaited)
        let line = PatchVersionRecord(
            version: version, source: .synced, arrived: known?.arrived ?? commit.entry.time, document: reference,
            files: files.files, released: document.files.map(\.released).min() ?? commit.entry.time)
        guard line != known || !files.isEmpty else { return false }
        versions[version] = line
        self.files[version] = Dictionary(uniqueKeysWithValues: files.files.map { ($0.file.name, $0) })
        documents[version] = PublishedDocument(bytes: bytes, digest: reference.digest)
        return true
    }
}
