public import LivepatchKit

/// The catalogue in an ``SQLiteDatabase``.
public struct SQLiteCatalog: Catalog {
    let database: SQLiteDatabase

    public init(_ database: SQLiteDatabase) { self.database = database }

    // MARK: Reading

    public func revision() async throws -> CatalogRevision { try await database.look { try CatalogueRow($0).revision() } }

    public func deployment() async throws -> DeploymentID {
        if let known = try await database.look({ try CatalogueRow($0).deployment() }) { return known }
        return try await database.write { try CatalogueRow($0).deploymentOrNew() }
    }

    public func setDeployment(_ id: DeploymentID) async throws {
        guard try await database.look({ try CatalogueRow($0).deployment() }) != id else { return }
        try await database.write { db in
            let row = CatalogueRow(db)
            guard try row.deployment() != id else { return }
            try row.setDeployment(id)
            try row.increaseRevision()
        }
    }

    public func tierState() async throws -> (state: TierState, revision: CatalogRevision) {
        try await database.read { (state: try TierRows($0).state(), revision: try CatalogueRow($0).revision()) }
    }

    public func versions() async throws -> [PatchVersionRecord] { try await database.read { try VersionRows($0).all() } }

    public func version(_ version: PatchVersion) async throws -> PatchVersionRecord? {
        try await database.look { try VersionRows($0).version(version) }
    }

    public func files(of version: PatchVersion) async throws -> [PatchFileRecord] {
        try await database.read { try FileRows($0).of(version) }
    }

    public func file(_ name: PatchFileName) async throws -> PatchFileRecord? {
        try await database.look { try FileRows($0).file(name) }
    }

    public func files(named names: [PatchFileName]) async throws -> [PatchFileRecord] {
        try await database.read { db in try Set(names).sorted().compactMap(FileRows(db).file) }
    }

    public func fileAndRevision(_ name: PatchFileName) async throws -> (record: PatchFileRecord?, revision: CatalogRevision) {
        try await database.look { (record: try FileRows($0).file(name), revision: try CatalogueRow($0).revision()) }
    }

    public func files(holding digest: SHA256Digest) async throws -> [PatchFileRecord] {
        try await database.read { try FileRows($0).holding(digest) }
    }

    // MARK: Tiers

    public func apply(_ change: TierChange, entry: ChangeEntry, expecting revision: CatalogRevision) async throws -> Int64 {
        try await database.write { db in
            try CatalogueRow(db).expect(revision)
            let rows = TierRows(db)
            guard let after = change.applied(to: try rows.state()) else { throw LivepatchError.catalogueChanged() }
            if !change.isEmpty {
                if change.tiers != nil || !change.tokens.isEmpty || change.authTokens != nil {
                    let moved = try change.moving(try TokenRows(db).all(), to: after.tiers, time: entry.time)
                    for token in moved { try TokenRows(db).writeTier(of: token) }
                    let authMoved = try change.moving(try AuthTokenRows(db).all(), to: after.tiers, time: entry.time)
                    for token in authMoved { try AuthTokenRows(db).writeTier(of: token) }
                }
                try rows.apply(change)
                try CatalogueRow(db).increaseRevision()
            }
            return try HistoryRows(db).add(entry, change: change)
        }
    }

    public func record(_ entry: ChangeEntry) async throws {
        try await database.write { db in _ = try HistoryRows(db).add(entry, change: entry.change) }
    }

    public func history(limit: Int, before: Int64?) async throws -> [ChangeRecord] {
        try await database.read { try HistoryRows($0).records(limit: limit, before: before) }
    }

    public func change(_ id: Int64) async throws -> ChangeRecord? { try await database.read { try HistoryRows($0).record(id) } }

    public func tierSnapshots() async throws -> [TierSnapshot] { try await database.read { try HistoryRows($0).snapshots() } }

    // MARK: Documents

    public func versionDocument(_ version: PatchVersion) async throws -> PublishedDocument? {
        try await database.read { try DocumentRows($0).document(of: version) }
    }

    public func setVersionDocument(
        _ version: PatchVersion, _ document: PublishedDocument, expecting revision: CatalogRevision
    ) async throws {
        try await database.write { db in
            guard try CatalogueRow(db).revision() == revision, let line = try VersionRows(db).version(version) else { return }
            try VersionRows(db).write(line.referring(to: document.reference))
            try DocumentRows(db).setDocument(of: version, document)
        }
    }

    public func fetchedDocument(_ digest: SHA256Digest) async throws -> [UInt8]? {
        try await database.read { try DocumentRows($0).bytes(digest) }
    }

    public func keepFetchedDocument(_ bytes: [UInt8], _ digest: SHA256Digest) async throws {
        try await database.write { try DocumentRows($0).keepFetched(bytes, digest) }
    }

    // MARK: Sync

    public func syncState() async throws -> SyncState { try await database.read { try CatalogueRow($0).syncState() } }

    @discardableResult
    public func applyRevocations(_ blocks: [Block], entry: ChangeEntry) async throws -> TierChange {
        try await database.write { db in
            let before = try TierRows(db).state()
            let own = try CatalogueRow(db).deploymentOrNew()
            let change = TierChange(from: before, to: before.replacingBlocks(ofOthersThan: own, with: blocks))
            if !change.isEmpty {
                try TierRows(db).apply(change)
                try HistoryRows(db).add(entry, change: change)
                try CatalogueRow(db).increaseRevision()
            }
            return change
        }
    }

    public func commit(_ commit: SyncCommit) async throws {
        try await database.write { try CommitTransaction(commit: commit, db: $0).run() }
    }
}

extension SQLiteCatalog: CatalogNews {
    public func changes() -> AsyncStream<Void> { database.revisions.news.listen() }
}
