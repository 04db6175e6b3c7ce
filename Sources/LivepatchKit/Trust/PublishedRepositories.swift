import TUF

/// The signed repositories that a server shows, as they were published together.
struct PublishedRepositories: Sendable {
    let origins: [OriginListing]
    let tierOwner: DeploymentID
    /// The timestamps of all views.
    let views: [TierName: DocumentReference]
    /// The patches whose documents an origin has signed.
    let patches: [PatchVersion: PublishedPatch]
    /// Those that were signed elsewhere, and are relayed.
    let relayed: [MetadataRepository: RelayedRepository]

    /// What the head of a view says of them.
    /// - Parameter tiers: the view's tiers, in tier order.
    func head(of tiers: some Sequence<TierName>) -> HeadMetadata {
        HeadMetadata(
            origins: origins.map { HeadMetadata.Origin(deployment: $0.deployment, timestamp: $0.timestamp) },
            tierOwner: tierOwner,
            views: tiers.compactMap { tier in views[tier].map { HeadMetadata.View(tier: tier, timestamp: $0) } })
    }

    /// Whether a head of that view names the repository.
    func shows(_ repository: MetadataRepository, in tiers: some Sequence<TierName>) -> Bool {
        switch repository {
        case .origin(let deployment): origins.contains { $0.deployment == deployment }
        case .view(let tier): views[tier] != nil && tiers.contains(tier)
        }
    }

    /// The patch version whose document a file is, if it is the one that is listed.
    func patch(_ name: VersionedName, in repository: MetadataRepository) -> PublishedPatch? {
        guard let version = name.patch, let patch = patches[version], patch.entry.version == name.version else { return nil }
        if case .origin(let deployment) = repository, deployment != patch.origin { return nil }
        return patch
    }
}
