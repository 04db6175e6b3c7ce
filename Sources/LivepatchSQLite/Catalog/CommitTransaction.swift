import GRDB
import LivepatchKit

/// The switch to a new view, inside one transaction: one version's document and files are in memory at a time.
struct CommitTransaction {
    let commit: SyncCommit
    let db: Database

    func run() throws {
        try CatalogueRow(db).expect(commit.expected)
        let before = try TierRows(db).state()
        let stateBefore = try CatalogueRow(db).syncState()
        var visible = !commit.state.publishesSame(as: stateBefore)

        if let reason = commit.snapshotReason {
            try HistoryRows(db).addSnapshot(
                before, versions: try VersionRows(db).names(), reason: reason, taken: commit.entry.time)
        }
        for (version, reference) in commit.changed where try change(version, to: reference) { visible = true }
        for version in commit.removed where try VersionRows(db).remove(version) { visible = true }
        if try setAvailability() { visible = true }

        if try CoverageRows(db).replace(.upstream, with: commit.coverage) { visible = true }

        let change = try changeTiers(from: before)
        if !change.isEmpty { visible = true }

        if commit.state != stateBefore { try CatalogueRow(db).setSyncState(commit.state) }
        try DocumentRows(db).removeFetched(except: commit.documents)
        if visible { try HistoryRows(db).add(commit.entry, change: change) }
        // Metadata that was renewed is news to downstreams, and none to whoever reads the history.
        if visible || commit.state.relayed != stateBefore.relayed { try CatalogueRow(db).increaseRevision() }
    }

    /// - Returns: whether that changed anything.
    private func change(_ version: PatchVersion, to reference: DocumentReference) throws -> Bool {
        let bytes = try bytes(of: version, reference)
        let document = try VersionDocument(reading: bytes, of: version)
        let known = try VersionRows(db).version(version)
        let files = VersionSwitch(
            from: known == nil ? [] : try FileRows(db).of(version), to: document, state: commit.state,
            unavailable: commit.unavailable, awaited: commit.awaited)
        let line = PatchVersionRecord(
            version: version, source: .synced, arrived: known?.arrived ?? commit.entry.time, document: reference,
            files: files.files, released: document.files.map(\.released).min() ?? commit.entry.time)
        guard line != known || !files.isEmpty else { return false }
        try VersionRows(db).write(line)
        try FileRows(db).write(files.written, of: version)
        for name in files.removed { try FileRows(db).remove(name) }
        try DocumentRows(db).setDocument(of: version, PublishedDocument(bytes: bytes, digest: reference.digest))
        return true
    }

    private func bytes(of version: PatchVersion, _ reference: DocumentReference) throws -> [UInt8] {
        if let bytes = try DocumentRows(db).bytes(reference.digest) { return bytes }
        throw LivepatchError.documentNotKept(version, reference)
    }

    /// - Returns: whether that changed anything.
    private func setAvailability() throws -> Bool {
        let changed = Set(commit.changed.map(\.version))
        let files = FileRows(db)
        var isVisible = false
        var differences: [PatchVersion: AvailabilityDifference] = [:]
        func note(_ difference: AvailabilityDifference?, _ version: PatchVersion) {
            guard let difference else { return }
            differences[version, default: .init()] += difference
            if difference.available != 0 { isVisible = true }
        }
        for name in commit.arrived where !changed.contains(name.version) && !commit.unavailable.contains(name) {
            note(try files.setAvailable(true, name, isAwaited: commit.awaited.contains), name.version)
        }
        for name in commit.unavailable where !changed.contains(name.version) {
            note(try files.setAvailable(false, name), name.version)
        }
        for (version, difference) in differences { try VersionRows(db).add(difference, version) }
        return isVisible
    }

    /// - Returns: what that changed; the versions that were removed are out of their tiers already.
    private func changeTiers(from before: TierState) throws -> TierChange {
        let after = try commit.tierState(from: before, versions: VersionRows(db).names())
        let moves = commit.tokens.isEmpty ? [] : commit.tokens.fitting(try TokenRows(db).all())
        for (_, token) in moves { try TokenRows(db).writeTier(of: token) }
        let authMoves = commit.movingAuthTokens(try AuthTokenRows(db).all())
        for (_, token) in authMoves { try AuthTokenRows(db).writeTier(of: token) }
        let change = TierChange(
            from: before, to: after, tokens: moves.map(\.move), authTokens: authMoves.map(\.move))
        try TierRows(db).apply(change)
        return change
    }
}
