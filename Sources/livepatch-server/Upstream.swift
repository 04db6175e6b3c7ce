import FoundationEssentials
import LivepatchConfiguration
import LivepatchHTTP
import LivepatchKit
import Logging

/// The server's upstreams, and what syncing from them takes.
struct Upstream {
    private let configuration: SyncConfiguration
    private let deployment: DeploymentID
    private let servers: [HTTPUpstream]
    private let upstream: FailoverUpstream
    private let logger: Logger
    let transfers: Transfers
    /// In the order in which they are tried, without credentials.
    let addresses: [String]

    /// - Throws: ``LivepatchError`` with the codes `configuration-invalid` and `malformed-value`.
    init(_ configuration: SyncConfiguration, deployment: DeploymentID, storage: any PatchStorage, logger: Logger) throws {
        let proxies = try configuration.proxy.map {
            try ProxyRules(http: $0.http?.absoluteString, https: $0.https?.absoluteString, noProxy: $0.exceptions)
        }
        let options = ConnectionOptions(
            timeouts: ConnectionTimeouts(
                connect: configuration.timeouts.connect, idle: configuration.timeouts.idle,
                total: configuration.timeouts.transfer),
            authorities: try configuration.certificateAuthority.map(TrustedAuthorities.init(file:)) ?? .system,
            proxies: proxies ?? .none)
        let addresses = try configuration.upstreams.map { try ServerAddress(parsing: $0.absoluteString) }
        servers = try addresses.map {
            try HTTPUpstream(
                $0, token: configuration.token?.revealed ?? "", deployment: deployment, options: options, logger: logger)
        }
        upstream = FailoverUpstream(servers)
        transfers = Transfers(
            upstream: upstream, storage: storage,
            settings: Transfers.Settings(
                concurrency: configuration.maximumTransfers,
                bandwidth: BandwidthLimiter(bytesPerSecond: configuration.bandwidthLimit)))
        self.addresses = addresses.map(\.description)
        self.configuration = configuration
        self.deployment = deployment
        self.logger = logger
    }

    /// All addresses in one text.
    var names: String { addresses.joined(separator: ", ") }

    /// One sync, as the coordinator begins it.
    func run(
        catalog: any Catalog, tokens: any TokenStore, storage: any PatchStorage, now: @escaping @Sendable () -> Date
    ) -> @Sendable (Bool, @escaping @Sendable (SyncProgress) -> Void) async throws -> SyncReport {
        { [configuration, deployment, upstream, transfers, logger] acceptsRemovals, progress in
            let request = SyncRequest(
                deployment: deployment, filter: configuration.filter, mirrorsTiers: configuration.mirrorsTiers,
                maximumRemovalShare: configuration.maximumRemovalShare, acceptsRemovals: acceptsRemovals)
            let resources = SyncRun.Resources(
                upstream: upstream, reader: PlainDocumentReader(upstream: upstream, cache: catalog), catalog: catalog,
                tokens: tokens, storage: storage, transfers: transfers, logger: logger, now: now)
            return await SyncRun(request, resources, progress: progress).run()
        }
    }

    func close() async {
        for server in servers { await server.close() }
    }
}
