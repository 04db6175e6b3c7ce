public import FoundationEssentials
public import LivepatchConfiguration
import LivepatchHTTP
public import LivepatchKit
import LivepatchTracing
public import Logging

/// The upstreams that a configuration names, reached as it says and tried in order as if they were one.
public struct ConfiguredUpstream: Sendable {
    /// All of them as one.
    public let server: FailoverUpstream
    /// In the order in which they are tried, without credentials.
    public let addresses: [String]
    /// The certificate that they are shown: whom it is for, as RFC 4514 writes names, and until when; `nil` for none.
    public var clientCertificate: (subject: String, validUntil: Date)? { identity?.certificate }
    private let identity: ClientIdentity?
    private let lag: AnnouncedLag
    /// Each of them by itself, in that order.
    public var servers: [any UpstreamServer] { connections }
    private let connections: [HTTPUpstream]
    private let configuration: SyncConfiguration
    private let logger: Logger

    /// - Parameter deployment: who asks; `nil` for nobody in particular.
    /// - Throws: ``LivepatchError`` with the codes `configuration-invalid` and `malformed-value`.
    public init(_ configuration: SyncConfiguration, deployment: DeploymentID?, logger: Logger) throws {
        let addresses = try configuration.upstreams.map { try ServerAddress(parsing: $0.absoluteString) }
        let options = try Self.options(configuration)
        let lag = AnnouncedLag()
        self.lag = lag
        identity = options.identity
        let connections = try addresses.map {
            try HTTPUpstream(
                $0, token: configuration.token?.revealed ?? "", deployment: deployment, lag: lag, options: options, logger: logger
            )
        }
        self.connections = connections
        server = FailoverUpstream(connections)
        self.addresses = addresses.map(\.description)
        self.configuration = configuration
        self.logger = logger
    }

    private static func options(_ configuration: SyncConfiguration) throws -> ConnectionOptions {
        let proxies = try configuration.proxy.map {
            try ProxyRules(http: $0.http?.absoluteString, https: $0.https?.absoluteString, noProxy: $0.exceptions)
        }
        return ConnectionOptions(
            timeouts: ConnectionTimeouts(
                connect: configuration.timeouts.connect, idle: configuration.timeouts.idle,
                total: configuration.timeouts.transfer),
            authorities: try configuration.certificateAuthority.map(TrustedAuthorities.init(file:)) ?? .system,
            proxies: proxies ?? .none, identity: try identity(configuration))
    }

    private static func identity(_ configuration: SyncConfiguration) throws -> ClientIdentity? {
        guard let certificate = configuration.clientCertificate, let key = configuration.clientKey else { return nil }
        return try ClientIdentity(certificate: certificate, key: key)
    }

    /// What is synced of what it offers.
    public var filter: SyncFilter { configuration.filter }

    /// The fingerprints of the roots with which trust in it may begin; empty to trust what is first seen.
    public var trustedRoots: Set<SHA256Digest> { Set(configuration.trustedRoots) }

    /// How long after it has expired signed metadata is still believed.
    public var freshnessTolerance: Duration { configuration.freshnessTolerance }

    /// All addresses in one text.
    public var names: String { addresses.joined(separator: ", ") }

    /// Transfers from here into a storage. What shares them shares the bounds on bandwidth and on transfers at the same time.
    public func transfers(into storage: any PatchStorage) -> Transfers {
        Transfers(
            upstream: server, storage: storage,
            settings: Transfers.Settings(
                concurrency: configuration.maximumTransfers,
                bandwidth: BandwidthLimiter(bytesPerSecond: configuration.bandwidthLimit)))
    }

    /// Fetches content when it is asked for, whatever `patch-sync.mode` says: what is awaited when it changes to `eager` can be asked for
    /// until the next sync.
    /// - Parameter transfers: how.
    public func fetcher(_ transfers: Transfers, into storage: any PatchStorage, catalog: any Catalog) -> ContentFetcher {
        ContentFetcher(
            transfers: transfers, storage: storage, catalog: catalog,
            settings: ContentFetcher.Settings(concurrency: configuration.maximumTransfers), logger: logger)
    }

    /// One sync, as a ``SyncCoordinator`` begins it.
    /// - Parameters:
    ///   - deployment: the server that syncs.
    ///   - trust: what is trusted of the upstream.
    ///   - reporter: tells the upstream of this server's machines afterwards.
    public func sync(
        _ deployment: DeploymentID, catalog: any Catalog, tokens: any TokenStore, authTokens: any AuthTokenStore,
        storage: any PatchStorage, trust: any TrustStorage, transfers: Transfers, reporter: FleetReporter,
        now: @escaping @Sendable () -> Date
    ) -> @Sendable (_ acceptsRemovals: Bool, @escaping @Sendable (SyncProgress) -> Void) async throws -> SyncReport {
        { [server, configuration, lag, logger] acceptsRemovals, progress in
            let request = configuration.request(deployment, acceptsRemovals: acceptsRemovals, mode: configuration.mode)
            let reader = configuration.reader(
                of: server, catalog: catalog, trust: trust, tolerance: configuration.freshnessTolerance, logger: logger, now: now)
            let resources = SyncRun.Resources(
                upstream: server, reader: reader, catalog: catalog, tokens: tokens, authTokens: authTokens, storage: storage,
                transfers: transfers, logger: logger, now: now)
            return await withTrace("sync") {
                var report = await SyncRun(request, resources, progress: progress).run()
                if report.isSuccess { report.upstreamLagSeconds = lag.seconds }
                return await reporter.report(after: report, to: server)
            }
        }
    }

    /// What listens to each of them; nothing where that is not wanted.
    /// - Parameter heard: called when one of them has something new.
    public func listeners(
        catalog: any Catalog, heard: @escaping @Sendable (any HeadAnnouncer) async -> Void
    ) -> [UpstreamListener] {
        guard configuration.listens else { return [] }
        return connections.map {
            UpstreamListener(
                to: $0, logger: logger, has: { try await catalog.syncState().basis?.tag == $0 }, heard: heard)
        }
    }

    /// Ends all connections; what is under way fails with the code `cancelled`.
    public func close() async {
        for server in connections { await server.close() }
    }
}
