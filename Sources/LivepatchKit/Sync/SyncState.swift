/// Where the last sync ended.
public struct SyncState: Hashable, Sendable, Codable {
    /// The upstream's route at the last sync that changed or confirmed the catalogue; `nil` before the first one.
    public var route: Route?
    /// What the upstream's route lets through.
    public var upstreamFilters: FilterChain
    /// This server's own filter at that sync.
    public var filter: SyncFilter
    /// Whether tiers and memberships are the upstream's.
    public var mirrorsTiers: Bool
    /// The revocations that were applied last.
    public var revocations: SHA256Digest?
    /// The coverage that was taken over last; `nil` if the upstream had none.
    public var coverage: SHA256Digest?
    /// What a sync may stop at; `nil` if the last one left something to do.
    public var basis: SyncBasis?
    /// The upstream's signed repositories, to be relayed; none if it does not sign.
    public var relayed: [RelayedRepository]
    /// The repositories that proved the last sync, as its head named them; `nil` if the upstream does not sign.
    public var proof: HeadMetadata?

    public init(
        route: Route? = nil, upstreamFilters: FilterChain = FilterChain(), filter: SyncFilter = .all,
        mirrorsTiers: Bool = false, revocations: SHA256Digest? = nil, coverage: SHA256Digest? = nil, basis: SyncBasis? = nil,
        relayed: [RelayedRepository] = [], proof: HeadMetadata? = nil
    ) {
        self.route = route
        self.upstreamFilters = upstreamFilters
        self.filter = filter
        self.mirrorsTiers = mirrorsTiers
        self.revocations = revocations
        self.coverage = coverage
        self.basis = basis
        self.relayed = relayed
        self.proof = proof
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        route = try container.decodeIfPresent(Route.self, forKey: .route)
        upstreamFilters = try container.decode(FilterChain.self, forKey: .upstreamFilters)
        filter = try container.decode(SyncFilter.self, forKey: .filter)
        mirrorsTiers = try container.decode(Bool.self, forKey: .mirrorsTiers)
        revocations = try container.decodeIfPresent(SHA256Digest.self, forKey: .revocations)
        coverage = try container.decodeIfPresent(SHA256Digest.self, forKey: .coverage)
        basis = try container.decodeIfPresent(SyncBasis.self, forKey: .basis)
        // Of a sync before there were signed repositories.
        relayed = try container.decodeIfPresent([RelayedRepository].self, forKey: .relayed) ?? []
        proof = try container.decodeIfPresent(HeadMetadata.self, forKey: .proof)
    }
}

/// The head that a complete sync ended on: as long as upstream, head and wishes are the same, there is nothing to do.
public struct SyncBasis: Hashable, Sendable, Codable {
    /// The head's tag.
    public let tag: String
    /// This server's own filter.
    public let filter: SyncFilter
    /// Whether tiers were mirrored.
    public let mirrorsTiers: Bool
    /// Whether coverage was read, if the head had any; `nil` of a sync before there was that.
    public let readsCoverage: Bool?
    /// Whether content was left to be fetched when it is asked for; `nil` of a sync that fetched it.
    public let mode: SyncMode?

    public init(tag: String, filter: SyncFilter, mirrorsTiers: Bool, mode: SyncMode = .eager) {
        self.tag = tag
        self.filter = filter
        self.mirrorsTiers = mirrorsTiers
        self.mode = mode == .eager ? nil : mode
        readsCoverage = true
    }
}

/// The switch to a new view: all that changes in one transaction at the end of a sync.
public struct SyncCommit: Sendable {
    /// The revision that the commit was made from.
    public var expected: CatalogRevision
    /// Versions that are new, or whose document is. Their bytes were kept with ``Catalog/keepFetchedDocument(_:_:)``; of their files
    /// those that `filter` and `upstreamFilters` admit enter the catalogue, available unless they are in ``unavailable``.
    public var changed: [(version: PatchVersion, document: DocumentReference)]
    /// Other fetched documents that the view consists of: they are kept for the next sync, all others are forgotten.
    public var documents: Set<SHA256Digest>
    /// Files of other versions that are available now.
    public var arrived: [PatchFileName]
    /// The content that is not here, and is fetched when it is first asked for.
    public var awaited: Set<SHA256Digest>
    /// Files whose content could not be had.
    public var unavailable: Set<PatchFileName>
    /// Versions that the upstream no longer shows.
    public var removed: [PatchVersion]
    /// Tiers and memberships afterwards; blocks are not part of it.
    public var tiers: [TierName]
    public var reach: [PatchVersion: TierName]
    /// The sync tokens that move because their tier is gone.
    public var tokens: [TierChange.TokenMove]
    /// The auth tokens that move for the same reason.
    public var authTokens: [TierChange.TokenMove]
    /// A snapshot to keep of the tiers before this switch, and why; `nil` for none.
    public var snapshotReason: String?
    /// The upstream's part of the coverage table afterwards, no two entries for the same kernels.
    public var coverage: [KernelCoverage]
    /// What the next sync finds.
    public var state: SyncState
    /// What the history says; its change is filled in by the catalogue. Nothing is recorded if nothing changes.
    public var entry: ChangeEntry

    public init(
        expected: CatalogRevision, changed: [(version: PatchVersion, document: DocumentReference)],
        documents: Set<SHA256Digest>, arrived: [PatchFileName],
        awaited: Set<SHA256Digest> = [], unavailable: Set<PatchFileName>, removed: [PatchVersion], tiers: [TierName],
        reach: [PatchVersion: TierName], tokens: [TierChange.TokenMove], authTokens: [TierChange.TokenMove] = [],
        snapshotReason: String?,
        coverage: [KernelCoverage] = [], state: SyncState,
        entry: ChangeEntry
    ) {
        self.expected = expected
        self.changed = changed
        self.documents = documents
        self.arrived = arrived
        self.awaited = awaited
        self.unavailable = unavailable
        self.removed = removed
        self.tiers = tiers
        self.reach = reach
        self.tokens = tokens
        self.authTokens = authTokens
        self.snapshotReason = snapshotReason
        self.coverage = coverage
        self.state = state
        self.entry = entry
    }
}
