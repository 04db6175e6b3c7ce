public import FoundationEssentials

/// Looks at the signed repositories that a server shows, as those below it see them, and at what it trusts of its upstream's.
public struct TrustInspection: Sendable {
    private let deployment: DeploymentID
    private let catalog: any Catalog
    private let tiers: TierStateCache
    private let publisher: any DocumentPublisher
    private let trustedRoots: [SHA256Digest]
    private let pins: @Sendable (Date) async throws -> [TrustStatus.Pin]
    private let now: @Sendable () -> Date

    /// - Parameters:
    ///   - trustedRoots: the fingerprints that the configuration names.
    ///   - pins: what is trusted of the upstream, at a moment.
    ///   - now: the current time.
    public init(
        deployment: DeploymentID, catalog: any Catalog, tiers: TierStateCache, publisher: any DocumentPublisher,
        trustedRoots: [SHA256Digest] = [], pins: @escaping @Sendable (Date) async throws -> [TrustStatus.Pin] = { _ in [] },
        now: @escaping @Sendable () -> Date
    ) {
        self.deployment = deployment
        self.catalog = catalog
        self.tiers = tiers
        self.publisher = publisher
        self.trustedRoots = trustedRoots
        self.pins = pins
        self.now = now
    }

    /// - Throws: ``LivepatchError`` with the code `trust-unavailable` if what is published lacks something.
    public func status() async throws -> TrustStatus {
        let time = now()
        var repositories: [TrustStatus.Repository] = []
        if let (metadata, tier) = try await metadata() {
            for origin in metadata.origins {
                let survey = RepositorySurvey(of: .origin(origin.deployment), publisher: publisher, tier: tier, time: time)
                repositories.append(
                    try await repository(.origin, of: origin.deployment, survey.roots(), roles: survey.ownRoles(view: nil)))
            }
            if let first = metadata.views.first {
                var roles: [TrustStatus.Role] = []
                for view in metadata.views {
                    let survey = RepositorySurvey(of: .view(view.tier), publisher: publisher, tier: tier, time: time)
                    // The root and the tiers' roles are the same documents in all views that have them.
                    for role in try await survey.ownRoles(view: view.tier) where !roles.contains(role) { roles.append(role) }
                }
                let survey = RepositorySurvey(of: .view(first.tier), publisher: publisher, tier: tier, time: time)
                repositories.append(try await repository(.tiers, of: metadata.tierOwner, survey.roots(), roles: roles))
            }
        }
        return TrustStatus(
            deployment: deployment, time: Timestamp.wholeSecond(time), repositories: repositories, pins: try await pins(time),
            trustedRoots: trustedRoots)
    }

    /// The present roots of all repositories; none where nothing is signed.
    /// - Throws: as ``status()``.
    public func roots() async throws -> [TrustedRoot] {
        guard let (metadata, tier) = try await metadata() else { return [] }
        let sources: [(MetadataRepository, TrustedRoot.Kind, DeploymentID)] =
            metadata.origins.map { (.origin($0.deployment), .origin, $0.deployment) }
            + metadata.views.prefix(1).map { (.view($0.tier), .tiers, metadata.tierOwner) }
        var roots: [TrustedRoot] = []
        for (repository, kind, signer) in sources {
            let survey = RepositorySurvey(of: repository, publisher: publisher, tier: tier, time: now())
            let last = try await survey.roots().last
            if let last { roots.append(TrustedRoot(kind: kind, signer: signer, version: last.version, fingerprint: last.digest)) }
        }
        return roots
    }

    /// What the head of the widest view says of the signed repositories, and that view's tier.
    private func metadata() async throws -> (HeadMetadata, TierName)? {
        guard let tier = try await tiers.current().state.tiers.first else { return nil }
        let head = try DocumentCoding.decode(Head.self, from: try await publisher.head(for: tier).bytes)
        return head.metadata.map { ($0, tier) }
    }

    private func repository(
        _ kind: TrustedRoot.Kind, of signer: DeploymentID, _ roots: [(version: Int, digest: SHA256Digest)],
        roles: [TrustStatus.Role]
    ) async throws -> TrustStatus.Repository {
        guard let last = roots.last else {
            throw LivepatchError(.trustUnavailable, "The \(kind.rawValue) repository of \(signer) has no root.")
        }
        return TrustStatus.Repository(
            kind: kind, signer: signer, route: try await route(from: signer),
            root: TrustedRoot(kind: kind, signer: signer, version: last.version, fingerprint: last.digest),
            fingerprints: roots.map(\.digest), roles: roles)
    }

    private func route(from signer: DeploymentID) async throws -> [DeploymentID] {
        guard signer != deployment else { return [deployment] }
        let above = try await catalog.syncState().route?.deployments ?? []
        return [signer] + above.drop { $0 != signer }.dropFirst() + [deployment]
    }
}
