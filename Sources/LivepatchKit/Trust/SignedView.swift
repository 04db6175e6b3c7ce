import FoundationEssentials
import TUF

/// What was verified of an upstream's view so far.
struct SignedView: Sendable {
    /// An origin's repository, and what it says of its patches.
    struct Origin: Sendable {
        let repository: VerifiedRepository
        let listing: OriginListing
    }

    let head: Head
    let metadata: HeadMetadata
    /// The moment that decides what is expired.
    let time: MetadataTime
    /// The upstream, as errors call it.
    let address: String
    /// Where the last sync ended.
    let last: SyncState
    /// What was trusted before this sync.
    let trusted: [TrustedRepository]

    var origins: [DeploymentID: Origin] = [:]
    /// Origins that nobody vouches for.
    var strangers: [DeploymentID: LivepatchError] = [:]
    /// Those of ``strangers`` that were reported.
    var told: Set<DeploymentID> = []
    /// What each origin has blocked.
    var blocks: [DeploymentID: [Block]] = [:]
    /// All that is blocked.
    var blocked: Set<PatchVersion> = []
    /// The view of the token's tier.
    var own: VerifiedRepository?

    init(
        head: Head, metadata: HeadMetadata, time: MetadataTime, address: String, last: SyncState, trusted: [TrustedRepository]
    ) {
        self.head = head
        self.metadata = metadata
        self.time = time
        self.address = address
        self.last = last
        self.trusted = trusted
    }

    mutating func take(_ repository: VerifiedRepository, of origin: DeploymentID) {
        origins[origin] = Origin(
            repository: repository,
            listing: OriginListing(
                origin, timestamp: repository.timestamp, snapshot: repository.snapshot, targets: repository.targets))
    }

    // MARK: Repositories

    func repository(of tier: TierName) -> TrustedRepository { .view(tier, owner: metadata.tierOwner) }

    /// The other views of the same server, which have the same roots.
    func siblings(of repository: TrustedRepository) -> [TrustedRepository] {
        guard case .view(_, let owner) = repository else { return [] }
        let others = trusted.filter { if case .view(_, owner) = $0 { true } else { false } }
        return (others + metadata.views.map { self.repository(of: $0.tier) }).filter { $0 != repository }
    }

    /// What was relayed of a repository before.
    func former(_ repository: TrustedRepository) -> RelayedRepository? {
        last.relayed.first { $0.repository == repository }
    }

    /// The repositories that prove this sync.
    func proof(views: [HeadMetadata.View]) -> HeadMetadata {
        HeadMetadata(
            origins: metadata.origins.filter { origins[$0.deployment] != nil }, tierOwner: metadata.tierOwner, views: views)
    }

    /// When the newest of the repositories that are others than at the last sync was signed: versions are seconds since 1970
    /// (``RoleSigner``).
    /// - Parameter own: the view of the token's tier.
    func newestSigning(_ own: VerifiedRepository) -> Date? {
        guard let before = last.proof else { return nil }
        var versions = metadata.origins.filter { !before.origins.contains($0) }
            .compactMap { origins[$0.deployment]?.repository.snapshot.version }
        if let view = metadata.views.first, !before.views.contains(view) { versions.append(own.snapshot.version) }
        return versions.max().map { Date(timeIntervalSince1970: Double($0)) }
    }

    // MARK: Blocks

    /// What the signed revocations say holds; the unsigned ones, of servers between, can only add to it.
    func union(with unsigned: RevocationsDocument) -> RevocationsDocument {
        var blocks = blocks.values.flatMap { $0 }
        for block in unsigned.blocks
        where !blocks.contains(where: { ($0.version, $0.deployment) == (block.version, block.deployment) }) {
            blocks.append(block)
        }
        return RevocationsDocument(blocks: blocks)
    }

    // MARK: Patches

    /// The origin that released exactly that document of a patch.
    func patch(_ version: PatchVersion, _ document: DocumentReference) -> (origin: VerifiedRepository, patch: PublishedPatch)? {
        for origin in metadata.origins {
            guard let known = origins[origin.deployment], let patch = known.listing.patch(version, document) else { continue }
            return (known.repository, patch)
        }
        return nil
    }

    /// How the tiers that were read delegate to a patch version's role.
    func delegations(to role: String) -> [(role: DelegatedRole, keys: NameTable<Key>)] {
        guard let own else { return [] }
        return own.targets.delegatedRoles.compactMap { tier in
            guard let delegations = own.known(tier.name)?.delegations, case .listed(let listed) = delegations.roles,
                let delegated = listed.first(where: { $0.name == role })
            else { return nil }
            return (delegated, delegations.keys)
        }
    }

    /// Why a patch that a tier offers is not taken.
    func refusal(of version: PatchVersion, in tier: TierName) -> LivepatchError {
        let role = MetadataRoles.patch(version)
        let lists = origins.contains { $0.value.repository.snapshot.roles[role] != nil }
        let names = metadata.origins.map(\.deployment.description).joined(separator: ", ")
        let reason =
            lists
            ? "in another form than the origin (\(names)) released it"
            : "which no trusted origin released (the upstream names \(names))"
        return LivepatchError(
            .upstreamUntrusted, "\(address) offers patch \(version) in the tier '\(tier)' \(reason).",
            suggestion: strangers.isEmpty
                ? "It was not taken, and what is here of it stays. Ask the administrator of the origin whether that patch is theirs; if not, somebody between inserted it."
                : "It was not taken. If it belongs to an origin whose root is not trusted here yet, add that root's fingerprint to patch-sync.trusted-roots."
        )
    }
}

extension TierListDocument {
    /// The tiers of a view, in order, by the documents of their roles.
    /// - Throws: ``LivepatchError`` with the code `upstream-untrusted` if one is not listed in the snapshot.
    init(of view: VerifiedRepository) throws {
        self.init(
            tiers: try view.targets.delegatedRoles.compactMap { role in
                guard let tier = MetadataRoles.tier(of: role.name) else { return nil }
                guard let document = view.reference(of: role.name) else {
                    throw LivepatchError.contradictory(
                        view.repository, from: view.address, "its snapshot does not list the role '\(role.name)' with a SHA-256.")
                }
                return Entry(name: tier, document: document)
            })
    }
}

extension HeadMetadata {
    /// The repositories by what is trusted of them.
    var repositories: [TrustedRepository] {
        origins.map { .origin($0.deployment) } + views.map { .view($0.tier, owner: tierOwner) }
    }
}
