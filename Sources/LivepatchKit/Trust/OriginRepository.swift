import TUF

/// The repository of what this server has released and revoked.
struct OriginRepository: Sendable {
    private let deployment: DeploymentID
    private let catalog: any Catalog
    private let present: PublishedRepository
    private let keys: RepositoryKeys
    private let signer: RoleSigner
    /// What was published last.
    private let last: OriginListing

    init(
        _ deployment: DeploymentID, catalog: any Catalog, present: PublishedRepository, keys: RepositoryKeys, signer: RoleSigner
    ) {
        self.deployment = deployment
        self.catalog = catalog
        self.present = present
        self.keys = keys
        self.signer = signer
        last = Self.listing(deployment, present)
    }

    /// What a repository lists, as far as it was published.
    static func listing(_ deployment: DeploymentID, _ present: PublishedRepository) -> OriginListing {
        OriginListing(
            deployment, timestamp: DocumentReference(of: present.timestamp?.bytes ?? []),
            snapshot: present.snapshot?.body ?? Snapshot(expires: .distantFuture),
            targets: present.targets?.body ?? Targets(expires: .distantFuture))
    }

    /// Signs the documents of those versions that are not signed yet, or whose files have changed; one version's files are in memory
    /// at a time. The catalogue has the documents before anything says so.
    /// - Returns: what the snapshot is to list.
    func sign(_ versions: [PatchVersionRecord]) async throws -> [PatchVersion: MetadataFileEntry] {
        var entries: [PatchVersion: MetadataFileEntry] = [:]
        for record in versions {
            if let document = record.document, last.delegates(record.version, to: keys.targets),
                let patch = last.patch(record.version, document)
            {
                entries[record.version] = patch.entry
            } else if let document = try await sign(record.version) {
                entries[record.version] = document.entry
            }
        }
        return entries
    }

    /// - Returns: `nil` if there is no such version any more.
    private func sign(_ version: PatchVersion) async throws -> RoleDocument<Targets>? {
        let role = MetadataRoles.patch(version)
        // Somebody else's changes come in between; a version does not change many times at once.
        for _ in 0..<10 {
            let revision = try await catalog.revision()
            let files = try await catalog.files(of: version).map(\.file)
            guard !files.isEmpty else { return nil }
            var wanted = Targets(expires: signer.time)
            wanted.targets = VersionDocument(version: version, files: files).targets
            let present = try await catalog.versionDocument(version)
            let document = try await signer.document(
                role, wanted, instead: present.flatMap { RoleDocument(role, reading: $0.bytes) },
                above: last.lastVersion(version),
                key: keys.targets, life: signer.lifetimes.patch)
            if present?.bytes == document.bytes { return document }
            let published = PublishedDocument(bytes: document.bytes)
            try await catalog.setVersionDocument(version, published, expecting: revision)
            if try await catalog.version(version)?.document == published.reference { return document }
        }
        throw LivepatchError.catalogueChanged()
    }

    /// Publishes the repository with those patches and blocks.
    func publish(
        _ patches: [PatchVersion: MetadataFileEntry], blocks: [Block]
    ) async throws -> (listing: OriginListing, renewal: MetadataTime) {
        let roleKeys = RoleKeys(keyIDs: [keys.targets.keyID])
        let revocations = try await signer.document(
            MetadataRoles.revocations,
            RevocationsDocument(blocks: blocks.filter { $0.deployment == deployment }).targets(at: signer.time),
            instead: try await present.role(MetadataRoles.revocations),
            above: present.highestVersion(of: MetadataRoles.revocations), key: keys.targets, life: signer.lifetimes.targets)
        let delegated =
            [DelegatedRole(name: MetadataRoles.revocations, keys: roleKeys, scope: .paths([]))]
            + patches.keys.sorted().map { version in
                DelegatedRole(
                    name: MetadataRoles.patch(version), keys: roleKeys, scope: .paths([MetadataRoles.paths(of: version)]))
            }
        var publication = RepositoryPublication(targets: Targets(expires: signer.time), roles: [revocations])
        publication.targets.delegations = Delegations(
            keys: [keys.targets.keyID: keys.targets.key], roles: .listed(delegated))
        for (version, entry) in patches { publication.elsewhere[MetadataRoles.patch(version)] = entry }
        let outcome = try await publication.publish(over: present, keys: keys, signer: signer)
        return (
            OriginListing(
                deployment, timestamp: outcome.timestamp, snapshot: outcome.snapshot, targets: outcome.targets),
            outcome.renewal
        )
    }
}
