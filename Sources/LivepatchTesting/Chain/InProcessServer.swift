public import FoundationEssentials
public import LivepatchKit
public import Logging
import Synchronization

/// A whole server in the process, on stores in memory: an origin, or a downstream of another one.
///
/// ```swift
/// let origin = try await InProcessServer(id: "origin")
/// let site = try await InProcessServer(id: "site")
/// let secret = try await origin.issue("edge", "site")
/// try await origin.release("livepatch-5.15.0-107.117-generic-107.1-amd64.tar.bz2", Array("…".utf8))
/// let report = await site.sync(from: origin, secret: secret)
/// ```
public struct InProcessServer: Sendable {
    public let deployment: DeploymentID
    public let catalog: InMemoryCatalog
    let database: InMemoryDatabase
    public let tokens: InMemoryTokenStore
    public let authTokens: InMemoryAuthTokenStore
    public let machines: InMemoryMachineStore
    public let storage: any PatchStorage
    public let publisher: PlainDocumentPublisher
    public private(set) var delivery: PatchDelivery
    /// Fetches content when it is asked for; `nil` if it is not ``fetching(from:retry:concurrency:clock:)``.
    public private(set) var fetcher: ContentFetcher?
    private let tiers: TierStateCache
    public let issuer: TokenIssuer
    public let coverage: CoverageAdministration
    /// Says whether kernels get patches.
    public let kernels: KernelSupportAuthority
    /// What it has signed, and what it trusts.
    public let trust: InMemoryTrustStorage
    /// The keys with which it signs.
    public let keys: InMemoryTrustKeyStore
    /// `nil` if it shows nothing signed.
    public let metadata: MetadataPublisher?
    private let place: Place
    private let lifetimes: MetadataLifetimes
    /// The current time.
    public let now: @Sendable () -> Date

    /// Where the server stands in its chain.
    private final class Place: Sendable {
        private let configured: ChainPlace?
        private let synced = Mutex<ChainPlace?>(nil)

        init(_ configured: ChainPlace?) { self.configured = configured }

        func sync(mirrorsTiers: Bool) { synced.withLock { $0 = .below(mirrorsTiers: mirrorsTiers) } }

        /// Where a sync has put it, or else what it has released: a server without anything vouches for nothing.
        func current(in catalog: InMemoryCatalog) async throws -> ChainPlace {
            if let place = configured ?? synced.withLock({ $0 }) { return place }
            return try await catalog.versions().isEmpty ? .below(mirrorsTiers: false) : .top
        }
    }

    /// - Parameters:
    ///   - id: the deployment's id.
    ///   - storage: where content is kept.
    ///   - signs: whether it signs what it publishes, as every server does; those before there was signing did not.
    ///   - place: where it stands in its chain; if `nil`, it is at the top once it has released something, and below another server
    ///     from its first sync on.
    ///   - lifetimes: how long what it signs is good.
    ///   - now: the current time.
    public init(
        id: String, storage: any PatchStorage = InMemoryPatchStorage(), signs: Bool = true, place: ChainPlace? = nil,
        lifetimes: MetadataLifetimes = MetadataLifetimes(), now: @escaping @Sendable () -> Date = { Date() }
    ) async throws {
        try await self.init(
            id: id, database: InMemoryDatabase(), storage: storage, trust: InMemoryTrustStorage(), keys: InMemoryTrustKeyStore(),
            signs: signs, place: place, lifetimes: lifetimes, now: now)
        try await catalog.setDeployment(deployment)
    }

    /// The same server, started anew with or without signing: after an upgrade.
    public func restarted(signs: Bool = true, place: ChainPlace? = nil) async throws -> InProcessServer {
        try await InProcessServer(
            id: deployment.description, database: database, storage: storage, trust: trust, keys: keys, signs: signs,
            place: place,
            lifetimes: lifetimes, now: now)
    }

    private init(
        id: String, database: InMemoryDatabase, storage: any PatchStorage, trust: InMemoryTrustStorage,
        keys: InMemoryTrustKeyStore, signs: Bool, place configured: ChainPlace?, lifetimes: MetadataLifetimes,
        now: @escaping @Sendable () -> Date
    ) async throws {
        deployment = try DeploymentID(parsing: id)
        self.database = database
        let catalog = InMemoryCatalog(database)
        self.catalog = catalog
        tokens = InMemoryTokenStore(database)
        authTokens = InMemoryAuthTokenStore(database)
        machines = InMemoryMachineStore(database)
        self.storage = storage
        self.trust = trust
        self.keys = keys
        self.now = now
        let tiers = TierStateCache(catalog: catalog)
        self.tiers = tiers
        let place = Place(configured)
        self.place = place
        self.lifetimes = lifetimes
        metadata =
            signs
            ? MetadataPublisher(
                catalog: catalog, tiers: tiers, storage: trust, keys: keys,
                place: { try await place.current(in: catalog) }, lifetimes: lifetimes, now: now) : nil
        let coverage = InMemoryCoverageStore(database)
        self.coverage = CoverageAdministration(store: coverage, catalog: catalog, now: now)
        kernels = KernelSupportAuthority(catalog: catalog, tiers: tiers, coverage: coverage)
        publisher = PlainDocumentPublisher(catalog: catalog, tiers: tiers, metadata: metadata, coverage: coverage)
        delivery = PatchDelivery(catalog: catalog, tiers: tiers, storage: storage)
        issuer = TokenIssuer(tokens: tokens, now: now)
    }

    /// The same server, fetching content from another one when it is asked for.
    /// - Parameters:
    ///   - retry: the patience of transfers.
    ///   - concurrency: the most fetches at a time.
    ///   - clock: what waits.
    public func fetching<C: Clock>(
        from upstream: any UpstreamServer, retry: RetryPolicy = RetryPolicy(attempts: 1), concurrency: Int = 4,
        clock: C = ContinuousClock()
    ) -> InProcessServer where C.Duration == Duration {
        let settings = Transfers.Settings(
            concurrency: concurrency, retry: retry, bandwidth: BandwidthLimiter(bytesPerSecond: nil))
        let fetcher = ContentFetcher(
            transfers: Transfers(upstream: upstream, storage: storage, settings: settings, clock: clock), storage: storage,
            catalog: catalog, settings: .init(concurrency: concurrency),
            logger: Logger(label: "fetches") { _ in SwiftLogNoOpLogHandler() }, clock: clock)
        var server = self
        server.fetcher = fetcher
        server.delivery = PatchDelivery(
            catalog: catalog, tiers: tiers, storage: storage, fetcher: fetcher, mode: .onDemand)
        return server
    }

    /// What fetches ahead of time.
    public func prefetch(concurrency: Int = 4) -> PrefetchRun {
        PrefetchRun(catalog: catalog, tiers: tiers, storage: storage, fetcher: fetcher, concurrency: concurrency)
    }

    /// What a machine or a downstream gets that asks for a file with a token for a tier.
    public func download(_ name: PatchFileName, for tier: TierName) async throws -> [UInt8] {
        let file = try await delivery.file(name, for: .tier(tier))
        if let reader = try await delivery.held(file) {
            defer { reader.close() }
            return try reader.read(at: 0, count: Int(reader.length))
        }
        var pieces = try await delivery.arrival(of: file).pieces { [delivery] in
            _ = try await delivery.file(name, for: .tier(tier))
        }
        var bytes: [UInt8] = []
        while let piece = try await pieces.next() { bytes += piece }
        return bytes
    }

    /// Releases a patch file, as an import does after it has looked into the archive.
    /// - Throws: ``LivepatchError`` with the code `patch-name-invalid`, or what storage and catalogue fail with.
    @discardableResult
    public func release(_ filename: String, _ content: [UInt8]) async throws -> PatchFile {
        let name = try PatchFileName(parsing: filename)
        let upload = try await storage.stageUpload(limit: Int64(content.count))
        try await upload.append(content)
        let stored = try await upload.seal()
        try await upload.keep()
        let file = PatchFile(name: name, length: stored.length, digest: stored.digest, released: Timestamp.wholeSecond(now()))
        _ = try await catalog.add(file, entry: ChangeEntry(time: now(), actor: "test", action: "patch import \(name)"))
        return file
    }

    /// Issues a sync token and returns its secret.
    public func issue(_ tier: String, _ name: String, validUntil: Date? = nil) async throws -> String {
        try await issuer.add(tier: try TierName(parsing: tier), name: name, validUntil: validUntil, by: "test").secret
    }

    /// The administration of this server's tiers.
    public func administration(_ authority: TierAuthority = .local) -> TierAdministration {
        TierAdministration(catalog: catalog, tokens: tokens, authTokens: authTokens, authority: authority, now: now)
    }

    /// Carries out a command as an administrator of a server that owns its tiers.
    @discardableResult
    public func administer(_ command: TierCommand) async throws -> Int64? {
        try await administration().carryOut(command, by: "test").change
    }

    /// This server as a downstream sees it.
    /// - Parameter takesReports: whether it takes the downstream's reports, as those of older releases do not.
    public func upstream(secret: String, for caller: DeploymentID? = nil, takesReports: Bool = true) -> InProcessUpstream {
        InProcessUpstream(
            name: deployment.description, secret: secret, caller: caller, authority: TokenAuthority(tokens: tokens, now: now),
            publisher: publisher, delivery: delivery, intake: takesReports ? intake : nil)
    }

    /// Syncs once from another server.
    /// - Parameters:
    ///   - request: what this server wants; all of it by default.
    ///   - retry: the patience of transfers.
    ///   - reporter: reports to the other server afterwards.
    ///   - probe: what is asked before every step at the upstream; it can fail the step. A trailing closure is this one.
    ///   - falsify: what a chunk becomes on its way.
    @discardableResult
    public func sync(
        from server: InProcessServer, secret: String, request: SyncRequest? = nil, retry: RetryPolicy = RetryPolicy(attempts: 1),
        concurrency: Int = 4, reporter: FleetReporter? = nil,
        probe: @escaping @Sendable (ProbedUpstream.Step) async throws -> Void = { _ in },
        falsify: ProbedUpstream.Falsifier? = nil
    ) async -> SyncReport {
        let upstream = ProbedUpstream(server.upstream(secret: secret, for: deployment), probe: probe, falsify: falsify)
        return await sync(from: upstream, request: request, retry: retry, concurrency: concurrency, reporter: reporter)
    }

    /// What a sync reads with: a server from before there was signing reads plain documents.
    func reader(
        of upstream: any UpstreamServer, _ request: SyncRequest?, trustedRoots: Set<SHA256Digest>, tolerance: Duration = .zero,
        logger: Logger
    ) -> any DocumentReader {
        guard metadata != nil else { return PlainDocumentReader(upstream: upstream, cache: catalog) }
        return SignedDocumentReader(
            upstream: upstream, documents: catalog, trust: trust, trustedRoots: trustedRoots,
            relaying: request?.mirrorsTiers == true ? .originsAndViews : .origins, lastSync: { try await catalog.syncState() },
            tolerance: tolerance, logger: logger, now: now)
    }

    /// Syncs once from any upstream.
    /// - Parameters:
    ///   - trustedRoots: the fingerprints of the roots to begin with; if there are none, the first ones seen are trusted.
    ///   - tolerance: how long after it has expired metadata is still believed.
    ///   - reporter: reports to the upstream afterwards.
    @discardableResult
    public func sync(
        from upstream: any UpstreamServer, request: SyncRequest? = nil, retry: RetryPolicy = RetryPolicy(attempts: 1),
        concurrency: Int = 4, trustedRoots: Set<SHA256Digest> = [], tolerance: Duration = .zero,
        reporter: FleetReporter? = nil,
        logger: Logger = Logger(label: "sync") { _ in SwiftLogNoOpLogHandler() }
    ) async -> SyncReport {
        let resources = resources(
            upstream, reader: reader(of: upstream, request, trustedRoots: trustedRoots, tolerance: tolerance, logger: logger),
            request, retry: retry,
            concurrency: concurrency, logger: logger)
        let report = await SyncRun(request ?? SyncRequest(deployment: deployment), resources) { _ in }.run()
        return await reporter?.report(after: report, to: upstream as? any FleetReportReceiver) ?? report
    }

    /// What a sync works with; from now on this server is below another one.
    func resources(
        _ upstream: any UpstreamServer, reader: any DocumentReader, _ request: SyncRequest?, retry: RetryPolicy, concurrency: Int,
        logger: Logger
    ) -> SyncRun.Resources {
        place.sync(mirrorsTiers: request?.mirrorsTiers ?? false)
        let settings = Transfers.Settings(
            concurrency: concurrency, retry: retry, bandwidth: BandwidthLimiter(bytesPerSecond: nil))
        return SyncRun.Resources(
            upstream: upstream, reader: reader, catalog: catalog, tokens: tokens, authTokens: authTokens, storage: storage,
            transfers: Transfers(upstream: upstream, storage: storage, settings: settings), logger: logger, now: now)
    }

    /// The patch versions that each tier offers, in tier order.
    public func offers() async throws -> [(tier: TierName, versions: [PatchVersion])] {
        let state = try await catalog.tierState().state
        return state.tiers.map { ($0, state.offered(in: $0)) }
    }
}
