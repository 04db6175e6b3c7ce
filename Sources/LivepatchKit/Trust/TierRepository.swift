import TUF

/// The repository of a server's tiers: a view for each tier, all of them with the same roots and keys.
struct TierRepository: Sendable {
    private let storage: any TrustStorage
    private let keys: RepositoryKeys
    private let signer: RoleSigner
    /// By tier, those that are gone among them.
    private let present: [TierName: PublishedRepository]

    /// - Throws: ``LivepatchError`` with the codes `trust-unavailable` and `root-refused`.
    init(
        tiers: [TierName], in storage: any TrustStorage, keys store: any TrustKeyStore, signer: RoleSigner,
        adopting adoption: RootAdoption?
    ) async throws {
        self.storage = storage
        self.signer = signer
        var present: [TierName: PublishedRepository] = [:]
        for tier in Set(try await storage.publishedViews()).union(tiers) {
            present[tier] = try await PublishedRepository(storage.published(.view(tier)))
        }
        self.present = present
        keys = try await RepositoryKeys(.tiers, of: Array(present.values), in: store, signer: signer, adopting: adoption)
    }

    /// The versions that must not be listed, as their origin's metadata of them is older than what a view listed before: for
    /// readers that would be a step back. It happens when a server goes over to another origin that released them earlier.
    func olderThanBefore(_ patches: [PatchVersion: PublishedPatch]) -> Set<PatchVersion> {
        let snapshots = present.values.compactMap(\.snapshot).filter { $0.isSigned(by: keys.online) }
        return Set(
            patches.values.filter { patch in
                let role = MetadataRoles.patch(patch.version)
                return snapshots.contains { ($0.body.roles[role]?.version ?? 0) > patch.entry.version }
            }.map(\.version))
    }

    /// Publishes a view for each tier.
    func publish(
        _ state: TierState, _ patches: [PatchVersion: PublishedPatch]
    ) async throws -> (views: [TierName: DocumentReference], renewal: MetadataTime) {
        var roles: [TierName: RoleDocument<Targets>] = [:]
        var views: [TierName: DocumentReference] = [:]
        var renewal = keys.renewal
        // The last tier first: so each tier's document is in its own view before it is in any other.
        for (position, tier) in state.tiers.enumerated().reversed() {
            guard let repository = present[tier] else { continue }
            let offered = state.offered(in: tier).compactMap { patches[$0] }
            roles[tier] = try await document(of: tier, offered)
            let visible = state.tiers[position...]
            var publication = RepositoryPublication(targets: targets(of: tier, visible), roles: visible.compactMap { roles[$0] })
            for patch in offered { publication.elsewhere[MetadataRoles.patch(patch.version)] = patch.entry }
            let outcome = try await publication.publish(over: repository, keys: keys, signer: signer)
            views[tier] = outcome.timestamp
            renewal = min(renewal, outcome.renewal)
        }
        return (views, renewal)
    }

    /// A view's targets role: the tiers that it shows, in order.
    private func targets(of view: TierName, _ visible: ArraySlice<TierName>) -> Targets {
        var targets = Targets(expires: signer.time)
        targets.delegations = Delegations(
            keys: [keys.targets.keyID: keys.targets.key],
            roles: .listed(
                visible.map { tier in
                    DelegatedRole(
                        name: MetadataRoles.tier(tier), keys: RoleKeys(keyIDs: [keys.targets.keyID]),
                        scope: .paths([MetadataRoles.allPaths]))
                }))
        targets.unrecognized[Targets.view] = .string(view.description)
        return targets
    }

    /// A tier's role: the patches that it offers, each with the keys of its origin.
    private func document(of tier: TierName, _ patches: [PublishedPatch]) async throws -> RoleDocument<Targets> {
        var delegations = Delegations()
        for patch in patches {
            for (id, key) in patch.keys.sorted { delegations.keys[id] = key }
        }
        delegations.roles = .listed(patches.map(\.role))
        var targets = Targets(expires: signer.time)
        targets.delegations = delegations
        let role = MetadataRoles.tier(tier)
        return try await signer.document(
            role, targets, instead: try await present[tier]?.role(role),
            above: present.values.map { $0.highestVersion(of: role) }.max() ?? 0, key: keys.targets,
            life: signer.lifetimes.targets)
    }
}
