public import FoundationEssentials
public import LivepatchKit

/// The use cases that a server's routes are made of.
public struct ServerParts: Sendable {
    public var deployment: DeploymentID
    public var started: Date
    public var catalog: any Catalog
    public var storage: any PatchStorage
    public var tokens: any TokenStore
    public var tiers: TierStateCache
    public var publisher: any DocumentPublisher
    /// Shows at once what ``publisher`` has shown lately; `nil` where nothing does.
    public var promptDocuments: (any PromptDocuments)?
    /// Announces when what it publishes has changed.
    public var watch: ViewWatch
    public var delivery: PatchDelivery
    public var tokenAuthority: TokenAuthority
    public var tokenIssuer: TokenIssuer
    public var accounts: AccountAuthority
    /// Who vouches for administrators besides; `nil` for nobody.
    public var identity: (any IdentityProvider)?
    public var administration: TierAdministration
    public var authority: TierAuthority
    public var imports: PatchImport
    public var care: StorageCare
    /// Fetches ahead of time what machines would ask for.
    public var prefetch: PrefetchRun
    /// Fetches what somebody asks for; `nil` on a server that has no upstream.
    public var fetcher: ContentFetcher?
    public var sync: SyncStatus
    /// Asks the servers above, too.
    public var trace: TraceWalk
    public var trust: TrustInspection
    public var roots: RootAdministration
    public var machines: MachineParts
    public var fleet: FleetParts
    public var coverage: CoverageAdministration
    public var kernels: KernelSupportAuthority
    public var webhooks: WebhookAdministration
    public var keeping: KeepingParts
    public var repeats: RepeatedChanges
    public var security: SecurityLog
    /// What `/metrics` answers; `nil` for a server that has no such path.
    public var metrics: MetricsExposition?
    public var governance: Governance
    /// Contents that are asked for again and again; `nil` for a server that reads them from its storage each time.
    public var cache: PatchCache?
    /// What tells the catalogue's revision without waiting; `nil` where nothing does. With it, what is known already
    /// takes no more than a look: downloads from ``cache``, ``promptDocuments``, and check-ins without news.
    public var promptRevision: (any PromptRevision)?
    /// The current time.
    public var now: @Sendable () -> Date

    public init(
        deployment: DeploymentID, started: Date, catalog: any Catalog, storage: any PatchStorage, tokens: any TokenStore,
        tiers: TierStateCache, publisher: any DocumentPublisher, watch: ViewWatch, delivery: PatchDelivery,
        tokenAuthority: TokenAuthority, tokenIssuer: TokenIssuer, accounts: AccountAuthority, administration: TierAdministration,
        authority: TierAuthority,
        imports: PatchImport, care: StorageCare, prefetch: PrefetchRun, fetcher: ContentFetcher? = nil, sync: SyncStatus,
        trace: TraceWalk, trust: TrustInspection,
        roots: RootAdministration,
        machines: MachineParts, fleet: FleetParts, coverage: CoverageAdministration, kernels: KernelSupportAuthority,
        webhooks: WebhookAdministration, keeping: KeepingParts, repeats: RepeatedChanges, security: SecurityLog,
        identity: (any IdentityProvider)? = nil, governance: Governance = Governance(),
        now: @escaping @Sendable () -> Date
    ) {
        self.deployment = deployment
        self.started = started
        self.catalog = catalog
        self.storage = storage
        self.tokens = tokens
        self.tiers = tiers
        self.publisher = publisher
        self.watch = watch
        self.delivery = delivery
        self.tokenAuthority = tokenAuthority
        self.tokenIssuer = tokenIssuer
        self.accounts = accounts
        self.identity = identity
        self.administration = administration
        self.authority = authority
        self.imports = imports
        self.care = care
        self.prefetch = prefetch
        self.fetcher = fetcher
        self.sync = sync
        self.trace = trace
        self.trust = trust
        self.roots = roots
        self.machines = machines
        self.fleet = fleet
        self.coverage = coverage
        self.kernels = kernels
        self.webhooks = webhooks
        self.keeping = keeping
        self.repeats = repeats
        self.security = security
        self.governance = governance
        self.now = now
    }
}

/// How a server answers.
public struct ServerOptions: Hashable, Sendable {
    /// Where everybody is sent for patch files, `{filename}` standing for the name; `nil` to send the files.
    public var downloadRedirect: String?
    /// The largest patch file that is taken in, in bytes.
    public var maximumUploadSize: Int64
    /// Whether administrators log in with user and password.
    public var acceptsPasswords: Bool
    /// Where requests come from.
    public var addresses: ClientAddresses
    /// How long a stream of progress is silent at most.
    public var heartbeat: Duration
    /// Whether machines may hold a request open to hear of changes at once.
    public var announcesToMachines: Bool

    public init(
        downloadRedirect: String? = nil, maximumUploadSize: Int64 = 256 << 20, acceptsPasswords: Bool = true,
        addresses: ClientAddresses = ClientAddresses(), heartbeat: Duration = .seconds(5),
        announcesToMachines: Bool = false
    ) {
        self.downloadRedirect = downloadRedirect
        self.maximumUploadSize = maximumUploadSize
        self.acceptsPasswords = acceptsPasswords
        self.addresses = addresses
        self.heartbeat = heartbeat
        self.announcesToMachines = announcesToMachines
    }
}
