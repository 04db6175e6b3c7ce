/// What a server wants of its upstream.
public struct SyncRequest: Hashable, Sendable {
    /// This server.
    public var deployment: DeploymentID
    public var filter: SyncFilter
    /// Whether tiers and memberships become the upstream's (`patch-sync.sync-tiers`).
    public var mirrorsTiers: Bool
    /// The share of the synced patch versions, from 0 to 1, that one sync may remove without being confirmed. Blocked versions do
    /// not count: a block says itself what it removes.
    public var maximumRemovalShare: Double
    /// Whether removing more than that is confirmed.
    public var acceptsRemovals: Bool
    /// Whether content is fetched now, or when it is first asked for.
    public var mode: SyncMode

    public init(
        deployment: DeploymentID, filter: SyncFilter = .all, mirrorsTiers: Bool = false, maximumRemovalShare: Double = 0.5,
        acceptsRemovals: Bool = false, mode: SyncMode = .eager
    ) {
        self.deployment = deployment
        self.filter = filter
        self.mirrorsTiers = mirrorsTiers
        self.maximumRemovalShare = maximumRemovalShare
        self.acceptsRemovals = acceptsRemovals
        self.mode = mode
    }
}

/// What a sync has to know of the catalogue that it works for.
public struct SyncSituation: Sendable {
    /// A patch version as far as a sync cares.
    public struct Version: Hashable, Sendable {
        public let source: PatchVersionRecord.Source
        public let document: DocumentReference?
        /// Whether all its files are available.
        public let isWhole: Bool
        /// Whether some of its content is awaited.
        public let isAwaited: Bool

        public init(source: PatchVersionRecord.Source, document: DocumentReference?, isWhole: Bool, isAwaited: Bool = false) {
            self.source = source
            self.document = document
            self.isWhole = isWhole
            self.isAwaited = isAwaited
        }

        /// Whether a sync of that mode has nothing to do about its files.
        func isComplete(in mode: SyncMode) -> Bool { isWhole && (mode == .onDemand || !isAwaited) }
    }

    public var revision: CatalogRevision
    public var sync: SyncState
    public var tiers: TierState
    public var versions: [PatchVersion: Version]
    /// The sync tokens that can still be used, by name, with their tiers.
    public var tokens: [String: TierName]
    /// The auth tokens that have not been revoked, by id, with their tiers.
    public var authTokens: [String: TierName]

    public init(
        revision: CatalogRevision, sync: SyncState, tiers: TierState, versions: [PatchVersion: Version],
        tokens: [String: TierName], authTokens: [String: TierName] = [:]
    ) {
        self.revision = revision
        self.sync = sync
        self.tiers = tiers
        self.versions = versions
        self.tokens = tokens
        self.authTokens = authTokens
    }
}

/// What the upstream shows, put together from its documents.
public struct UpstreamView: Hashable, Sendable {
    public let head: Head
    /// The head's tag.
    public let tag: String
    /// What the upstream and its upstreams block.
    public var blocked: Set<PatchVersion>
    /// The tiers in order, with their references; the first is the token's.
    public var tiers: [TierListDocument.Entry]
    /// What each tier offers, as far as it was read.
    public var members: [TierName: TierDocument]
    /// How long which kernels get patches, as the upstream says; empty if it says nothing.
    public var coverage: [KernelCoverage] = []
    /// What was found out while reading.
    public var findings = ReadingFindings()

    /// All that the token may see: what its tier offers.
    public var versions: [PatchVersion: DocumentReference] {
        let entries = members[head.tier]?.versions ?? []
        return Dictionary(entries.map { ($0.version, $0.document) }) { first, _ in first }
    }

    /// What the token's tier holds and does not offer, because it is blocked.
    public var withheld: [PatchVersion] { members[head.tier]?.blocked ?? [] }

    /// The last tier that each version reaches.
    public var reach: [PatchVersion: TierName] {
        var reach: [PatchVersion: TierName] = [:]
        for tier in tiers {
            for entry in members[tier.name]?.versions ?? [] { reach[entry.version] = tier.name }
        }
        return reach
    }
}

/// The files that a sync has to look at, before it is known which of them are missing.
public struct SyncWork: Hashable, Sendable {
    /// A version with a new document.
    public struct Change: Hashable, Sendable {
        public let version: PatchVersion
        public let document: DocumentReference
        /// Whether files of the same names were imported here, which must not be replaced.
        public let wasImported: Bool

        public init(version: PatchVersion, document: DocumentReference, wasImported: Bool) {
            self.version = version
            self.document = document
            self.wasImported = wasImported
        }
    }

    /// In order of version, newest first: what fixes most arrives first.
    public var changed: [Change]
    /// Versions whose document is known, but not all of whose files are here. Newest first.
    public var incomplete: [PatchVersion]
    public var filters: FilterChain
    /// Whether missing content is fetched now, or when it is first asked for.
    public var mode: SyncMode

    /// Whether there is nothing to look at.
    public var isEmpty: Bool { changed.isEmpty && incomplete.isEmpty }

    public init(changed: [Change], incomplete: [PatchVersion], filters: FilterChain, mode: SyncMode = .eager) {
        self.changed = changed
        self.incomplete = incomplete
        self.filters = filters
        self.mode = mode
    }
}

/// What became of the files of a ``SyncWork``.
public struct SyncHarvest: Sendable {
    /// Files of incomplete versions that are available now.
    public var arrived: [PatchFileName] = []
    /// The missing content that is fetched when it is first asked for, and how much that is, in bytes.
    public var awaited: Set<SHA256Digest> = []
    public var awaitedBytes: Int64 = 0
    public var failures: [SyncReport.Failure] = []
    /// Changed versions that do not enter the catalogue.
    public var excluded: Set<PatchVersion> = []
    /// Files that were fetched, the bytes that this took, and files whose content was here already.
    public var files = 0
    public var bytes: Int64 = 0
    public var skipped = 0
    /// Files that a filter on the way, or this server's own, keeps out.
    public var filtered = 0

    public init() {}
}
