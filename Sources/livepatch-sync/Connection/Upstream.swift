import FoundationEssentials
import LivepatchConfiguration
import LivepatchHTTP
import LivepatchKit
import Logging

/// The upstreams of the configuration, tried in order as if they were one.
struct Upstream {
    let server: FailoverUpstream
    private let servers: [HTTPUpstream]
    private let configuration: SyncConfiguration

    /// - Parameter deployment: who asks; `nil` for nobody in particular.
    /// - Throws: ``LivepatchError`` with the codes `configuration-invalid` and `malformed-value`.
    init(_ configuration: SyncConfiguration, deployment: DeploymentID?, logger: Logger) throws {
        let proxies = try configuration.proxy.map {
            try ProxyRules(http: $0.http?.absoluteString, https: $0.https?.absoluteString, noProxy: $0.exceptions)
        }
        let options = ConnectionOptions(
            timeouts: ConnectionTimeouts(
                connect: configuration.timeouts.connect, idle: configuration.timeouts.idle,
                total: configuration.timeouts.transfer),
            authorities: try configuration.certificateAuthority.map(TrustedAuthorities.init(file:)) ?? .system,
            proxies: proxies ?? .none)
        servers = try configuration.upstreams.map { url in
            try HTTPUpstream(
                ServerAddress(parsing: url.absoluteString), token: configuration.token?.revealed ?? "", deployment: deployment,
                options: options, logger: logger)
        }
        server = FailoverUpstream(servers)
        self.configuration = configuration
    }

    /// Reads what the upstream offers.
    func offer(_ wish: OfferWish) async throws -> Offer {
        let reader = PlainDocumentReader(upstream: PatientUpstream(server), cache: NoDocumentCache())
        return try await OfferReader(reader, filter: configuration.filter).read(wish)
    }

    /// Transfers from here into a storage.
    func transfers(into storage: any PatchStorage) -> Transfers {
        Transfers(
            upstream: server, storage: storage,
            settings: Transfers.Settings(
                concurrency: configuration.maximumTransfers,
                bandwidth: BandwidthLimiter(bytesPerSecond: configuration.bandwidthLimit)))
    }

    func close() async {
        for server in servers { await server.close() }
    }

    /// Runs a body with an upstream, and closes that whatever happens.
    static func connected<Value>(
        _ configuration: SyncConfiguration, deployment: DeploymentID? = nil, logger: Logger,
        _ body: (Upstream) async throws -> Value
    ) async throws -> Value {
        let upstream = try Upstream(configuration, deployment: deployment ?? configuration.deployment, logger: logger)
        do {
            let value = try await body(upstream)
            await upstream.close()
            return value
        } catch {
            await upstream.close()
            throw (error as? UpstreamBusy)?.error ?? error
        }
    }
}
