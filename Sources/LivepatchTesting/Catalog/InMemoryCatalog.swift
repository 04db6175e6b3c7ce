public import LivepatchKit

/// The catalogue in an ``InMemoryDatabase``.
public struct InMemoryCatalog: Catalog {
    let database: InMemoryDatabase

    public init(_ database: InMemoryDatabase) { self.database = database }

    // MARK: Reading

    public func revision() async throws -> CatalogRevision { try database.read { $0.revision } }

    public func deployment() async throws -> DeploymentID { try database.write { try $0.deploymentOrNew() } }

    public func setDeployment(_ id: DeploymentID) async throws {
        try database.write { tables in
            guard tables.deployment != id else { return }
            tables.deployment = id
            tables.increaseRevision()
        }
    }

    public func tierState() async throws -> (state: TierState, revision: CatalogRevision) {
        try database.read { ($0.tiers, $0.revision) }
    }

    public func versions() async throws -> [PatchVersionRecord] {
        try database.read { $0.versions.values.sorted { $0.version < $1.version } }
    }

    public func version(_ version: PatchVersion) async throws -> PatchVersionRecord? {
        try database.read { $0.versions[version] }
    }

    public func files(of version: PatchVersion) async throws -> [PatchFileRecord] {
        try database.read { $0.files(of: version) }
    }

    public func file(_ name: PatchFileName) async throws -> PatchFileRecord? {
        try database.read { $0.files[name.version]?[name] }
    }

    public func files(named names: [PatchFileName]) async throws -> [PatchFileRecord] {
        try database.read { tables in Set(names).sorted().compactMap { tables.files[$0.version]?[$0] } }
    }

    public func fileAndRevision(_ name: PatchFileName) async throws -> (record: PatchFileRecord?, revision: CatalogRevision) {
        try database.read { (record: $0.files[name.version]?[name], revision: $0.revision) }
    }

    public func files(holding digest: SHA256Digest) async throws -> [PatchFileRecord] {
        try database.read { tables in
            tables.files.values.flatMap { $0.values.filter { $0.file.digest == digest } }
                .sorted { $0.file.name < $1.file.name }
        }
    }

    // MARK: Tiers

    public func apply(_ change: TierChange, entry: ChangeEntry, expecting revision: CatalogRevision) async throws -> Int64 {
        try database.write { tables in
            try tables.expect(revision)
            guard let after = change.applied(to: tables.tiers) else { throw LivepatchError.catalogueChanged() }
            if !change.isEmpty {
                for token in try change.moving(tables.tokens, to: after.tiers, time: entry.time) {
                    tables.writeTier(of: token)
                }
                let authTokens = tables.authTokens.map(\.token)
                for token in try change.moving(authTokens, to: after.tiers, time: entry.time) { tables.writeTier(of: token) }
                tables.tiers = after
                tables.increaseRevision()
            }
            return tables.record(entry, change: change)
        }
    }

    public func record(_ entry: ChangeEntry) async throws {
        try database.write { _ = $0.record(entry, change: entry.change) }
    }

    public func history(limit: Int, before: Int64?) async throws -> [ChangeRecord] {
        try database.read { tables in
            tables.history.reversed().filter { $0.id < before ?? .max }.prefix(max(limit, 0)).map(tables.completed)
        }
    }

    public func change(_ id: Int64) async throws -> ChangeRecord? {
        try database.read { tables in tables.history.first { $0.id == id }.map(tables.completed) }
    }

    public func tierSnapshots() async throws -> [TierSnapshot] { try database.read { $0.snapshots.reversed() } }

    // MARK: Documents

    public func versionDocument(_ version: PatchVersion) async throws -> PublishedDocument? {
        try database.read { $0.documents[version] }
    }

    public func setVersionDocument(
        _ version: PatchVersion, _ document: PublishedDocument, expecting revision: CatalogRevision
    ) async throws {
        try database.write { tables in
            guard tables.revision == revision, let line = tables.versions[version] else { return }
            tables.versions[version] = line.referring(to: document.reference)
            tables.documents[version] = document
        }
    }

    public func fetchedDocument(_ digest: SHA256Digest) async throws -> [UInt8]? {
        try database.read { $0.bytes(digest) }
    }

    public func keepFetchedDocument(_ bytes: [UInt8], _ digest: SHA256Digest) async throws {
        try database.write { $0.fetched[digest] = bytes }
    }

    // MARK: Sync

    public func syncState() async throws -> SyncState { try database.read { $0.syncState } }

    @discardableResult
    public func applyRevocations(_ blocks: [Block], entry: ChangeEntry) async throws -> TierChange {
        try database.write { tables in
            let after = tables.tiers.replacingBlocks(ofOthersThan: try tables.deploymentOrNew(), with: blocks)
            let change = TierChange(from: tables.tiers, to: after)
            if !change.isEmpty {
                tables.tiers = after
                tables.record(entry, change: change)
                tables.increaseRevision()
            }
            return change
        }
    }

    public func commit(_ commit: SyncCommit) async throws { try database.write { try $0.switchTo(commit) } }
}

extension InMemoryCatalog: PromptRevision {
    public func revisionAtOnce() -> CatalogRevision? { try? database.read { $0.revision } }
}

extension InMemoryCatalog: CatalogNews {
    public func changes() -> AsyncStream<Void> { database.news.listen() }
}
