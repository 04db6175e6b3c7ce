import TUF

/// Brings all repositories of a server up to one moment of its catalogue.
struct RepositoryRound: Sendable {
    let catalog: any Catalog
    let storage: any TrustStorage
    let keys: any TrustKeyStore
    let signer: RoleSigner
    let place: ChainPlace
    let deployment: DeploymentID
    let sync: SyncState
    let tiers: TierState
    /// A root that was signed elsewhere, and is to be published.
    var adoption: RootAdoption?

    struct Outcome: Sendable {
        /// `nil` if nothing is to be shown.
        let repositories: PublishedRepositories?
        /// When something should be renewed.
        let renewal: MetadataTime
    }

    /// Who signs the tiers.
    private enum TierOwner {
        case here
        case upstream(DeploymentID, [TierName: RelayedRepository])
    }

    /// - Parameter isCurrent: asked once the documents of patches are signed: whether the catalogue is as it was.
    /// - Returns: `nil` if it is not; then no repository was touched.
    func run(isCurrent: @Sendable () async throws -> Bool) async throws -> Outcome? {
        guard let owner = try await tierOwner() else { return try await isCurrent() ? silent : nil }
        var origins = try await relayedOrigins()
        let records = try await catalog.versions()

        // What this server vouches for itself.
        let present = try await PublishedRepository(storage.published(.origin(deployment)))
        let own = try await ownVersions(records, OriginRepository.listing(deployment, present), among: origins)
        if case .below = place, origins.isEmpty, own.isEmpty || own.count < records.count {
            return try await isCurrent() ? silent : nil
        }
        var renewal = MetadataTime.distantFuture
        if place == .top || !own.isEmpty {
            let keys = try await RepositoryKeys(
                .origin, of: [present], in: keys, signer: signer, adopting: adoption)
            let repository = OriginRepository(deployment, catalog: catalog, present: present, keys: keys, signer: signer)
            let patches = try await repository.sign(own)
            guard try await isCurrent() else { return nil }
            let outcome = try await repository.publish(patches, blocks: tiers.blocks)
            origins.append(outcome.listing)
            renewal = outcome.renewal
        }
        guard try await isCurrent() else { return nil }
        origins.sort { $0.deployment < $1.deployment }

        var patches = try await provenPatches(origins)
        var relayed: [MetadataRepository: RelayedRepository] = [:]
        for repository in sync.relayed where repository.repository.repository != .origin(deployment) {
            if case .origin = repository.repository { relayed[repository.repository.repository] = repository }
        }
        switch owner {
        case .upstream(let owner, let views):
            for (tier, view) in views { relayed[.view(tier)] = view }
            return Outcome(
                repositories: PublishedRepositories(
                    origins: origins, tierOwner: owner, views: views.compactMapValues(\.timestamp), patches: patches,
                    relayed: relayed), renewal: renewal)
        case .here:
            let repository = try await TierRepository(
                tiers: tiers.tiers, in: storage, keys: keys, signer: signer, adopting: adoption)
            for version in repository.olderThanBefore(patches) { patches[version] = nil }
            let outcome = try await repository.publish(tiers, patches)
            return Outcome(
                repositories: PublishedRepositories(
                    origins: origins, tierOwner: deployment, views: outcome.views, patches: patches, relayed: relayed),
                renewal: min(renewal, outcome.renewal))
        }
    }

    private var silent: Outcome { Outcome(repositories: nil, renewal: .distantFuture) }

    /// - Returns: `nil` if the tiers are to be the upstream's, and nothing that it has signed is here yet.
    private func tierOwner() async throws -> TierOwner? {
        guard place == .below(mirrorsTiers: true) else { return .here }
        guard sync.mirrorsTiers else {
            // Until the first sync that mirrors them, the tiers are as they were, and so is who signs them.
            return try await storage.publishedViews().isEmpty ? nil : .here
        }
        var views: [TierName: RelayedRepository] = [:]
        var owners: Set<DeploymentID> = []
        for repository in sync.relayed {
            guard case .view(let tier, let owner) = repository.repository else { continue }
            views[tier] = repository
            owners.insert(owner)
        }
        guard let owner = owners.first, owners.count == 1 else { return nil }
        return .upstream(owner, views)
    }

    private func relayedOrigins() async throws -> [OriginListing] {
        var origins: [OriginListing] = []
        for repository in sync.relayed {
            guard case .origin(let origin) = repository.repository, origin != deployment else { continue }
            origins.append(try await OriginListing(origin, relayed: repository, from: catalog))
        }
        return origins
    }

    /// The versions whose documents are for this server to sign: what was imported here or changed since it was synced. Who stands
    /// below nobody also signs what came unsigned, as nobody else will.
    private func ownVersions(
        _ records: [PatchVersionRecord], _ last: OriginListing, among origins: [OriginListing]
    ) async throws -> [PatchVersionRecord] {
        var own: [PatchVersionRecord] = []
        for record in records {
            let isOwn: Bool
            if let document = record.document, record.source == .synced {
                if last.patch(record.version, document) != nil {
                    isOwn = true
                } else if place == .top, !origins.contains(where: { $0.patch(record.version, document) != nil }) {
                    isOwn = try await catalog.versionDocument(record.version).map { !VersionDocument.isSigned($0.bytes) } ?? false
                } else {
                    isOwn = false
                }
            } else {
                isOwn = true
            }
            if isOwn { own.append(record) }
        }
        return own
    }

    /// Those of the catalogue's versions whose documents an origin lists.
    private func provenPatches(_ origins: [OriginListing]) async throws -> [PatchVersion: PublishedPatch] {
        var patches: [PatchVersion: PublishedPatch] = [:]
        var keys = NameTable<Key>()
        for record in try await catalog.versions() {
            guard let document = record.document else { continue }
            for origin in origins {
                guard let patch = origin.patch(record.version, document) else { continue }
                // Ids are what an origin calls its keys. One that takes another's name for a key of its own gets no say.
                guard patch.keys.sorted.allSatisfy({ keys[$0.name] == nil || keys[$0.name] == $0.value }) else { continue }
                for (id, key) in patch.keys.sorted { keys[id] = key }
                patches[record.version] = patch
                break
            }
        }
        return patches
    }
}
