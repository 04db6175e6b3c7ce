import LivepatchKit
import LivepatchTesting
import Synchronization

/// A catalogue that somebody else changes just before a change is applied, or something is read, once or always.
final class OvertakenCatalog: Catalog {
    enum Step {
        case apply, versions, files, revision, tierState, filesNamed
        /// When the state of tiers has been read, and is about to be told.
        case tierStateKnown
    }

    private let catalog: InMemoryCatalog
    private let step: Step
    private let always: Bool
    private let overtake: @Sendable () async throws -> Void
    private let count = Mutex(0)

    init(
        _ catalog: InMemoryCatalog, at step: Step = .apply, always: Bool = false,
        by overtake: @escaping @Sendable () async throws -> Void
    ) {
        self.catalog = catalog
        self.step = step
        self.always = always
        self.overtake = overtake
    }

    /// How often that step was taken.
    var attempts: Int { count.withLock { $0 } }

    func apply(_ change: TierChange, entry: ChangeEntry, expecting revision: CatalogRevision) async throws -> Int64 {
        try await take(.apply)
        return try await catalog.apply(change, entry: entry, expecting: revision)
    }

    func versions() async throws -> [PatchVersionRecord] {
        try await take(.versions)
        return try await catalog.versions()
    }

    func files(of version: PatchVersion) async throws -> [PatchFileRecord] {
        try await take(.files)
        return try await catalog.files(of: version)
    }

    func revision() async throws -> CatalogRevision {
        try await take(.revision)
        return try await catalog.revision()
    }

    func tierState() async throws -> (state: TierState, revision: CatalogRevision) {
        try await take(.tierState)
        let known = try await catalog.tierState()
        try await take(.tierStateKnown)
        return known
    }

    func files(named names: [PatchFileName]) async throws -> [PatchFileRecord] {
        try await take(.filesNamed)
        return try await catalog.files(named: names)
    }

    private func take(_ step: Step) async throws {
        guard step == self.step else { return }
        let attempt = count.withLock { count in
            count += 1
            return count
        }
        if always || attempt == 1 { try await overtake() }
    }

    // All else is the catalogue's.

    func deployment() async throws -> DeploymentID { try await catalog.deployment() }
    func setDeployment(_ id: DeploymentID) async throws { try await catalog.setDeployment(id) }
    func version(_ version: PatchVersion) async throws -> PatchVersionRecord? { try await catalog.version(version) }
    func file(_ name: PatchFileName) async throws -> PatchFileRecord? { try await catalog.file(name) }
    func fileAndRevision(_ name: PatchFileName) async throws -> (record: PatchFileRecord?, revision: CatalogRevision) {
        try await catalog.fileAndRevision(name)
    }
    func files(holding digest: SHA256Digest) async throws -> [PatchFileRecord] { try await catalog.files(holding: digest) }
    func add(_ file: PatchFile, entry: ChangeEntry) async throws -> Bool { try await catalog.add(file, entry: entry) }
    func setAvailable(_ available: Bool, _ names: [PatchFileName]) async throws {
        try await catalog.setAvailable(available, names)
    }
    func removeFiles(_ names: [PatchFileName], entry: ChangeEntry) async throws {
        try await catalog.removeFiles(names, entry: entry)
    }
    func record(_ entry: ChangeEntry) async throws { try await catalog.record(entry) }
    func history(limit: Int, before: Int64?) async throws -> [ChangeRecord] {
        try await catalog.history(limit: limit, before: before)
    }
    func change(_ id: Int64) async throws -> ChangeRecord? { try await catalog.change(id) }
    func tierSnapshots() async throws -> [TierSnapshot] { try await catalog.tierSnapshots() }
    func versionDocument(_ version: PatchVersion) async throws -> PublishedDocument? {
        try await catalog.versionDocument(version)
    }
    func setVersionDocument(_ version: PatchVersion, _ document: PublishedDocument, expecting revision: CatalogRevision)
        async throws
    {
        try await catalog.setVersionDocument(version, document, expecting: revision)
    }
    func syncState() async throws -> SyncState { try await catalog.syncState() }
    func applyRevocations(_ blocks: [Block], entry: ChangeEntry) async throws -> TierChange {
        try await catalog.applyRevocations(blocks, entry: entry)
    }
    func commit(_ commit: SyncCommit) async throws { try await catalog.commit(commit) }
    func fetchedDocument(_ digest: SHA256Digest) async throws -> [UInt8]? { try await catalog.fetchedDocument(digest) }
    func keepFetchedDocument(_ bytes: [UInt8], _ digest: SHA256Digest) async throws {
        try await catalog.keepFetchedDocument(bytes, digest)
    }
}
