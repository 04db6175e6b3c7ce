public import FoundationEssentials
public import LivepatchKit
public import Logging
public import Metrics

/// The use cases that concern machines.
public struct MachineParts: Sendable {
    public var store: any MachineStore
    public var authTokens: any AuthTokenStore
    public var issuer: AuthTokenIssuer
    public var authority: MachineAuthority
    public var memory: MachineMemory
    public var registrar: MachineRegistrar
    public var checkIn: CheckIn
    public var batcher: ReportBatcher
    /// The server's key for machine ids (``HashedMachineID``).
    public var key: [UInt8]
    /// The usual time between two check-ins of a machine.
    public var interval: Duration
    /// Where counters are made.
    public var metrics: any MetricsFactory

    /// Builds the use cases on the stores.
    /// - Parameters:
    ///   - key: the server's key for machine ids, of 32 bytes or more.
    ///   - support: asked about a kernel that no patch fits.
    ///   - url: where a patch file is: a URL, or a path on this server.
    ///   - interval: the usual time between two check-ins of a machine.
    ///   - metrics: where counters are made; by default what the process was given (`MetricsSystem`).
    ///   - now: the current time.
    public init(
        store: any MachineStore, authTokens: any AuthTokenStore, catalog: any Catalog, tiers: TierStateCache, key: [UInt8],
        support: (any KernelSupport)? = nil, url: @escaping @Sendable (PatchFileName) -> String, interval: Duration,
        logger: Logger, metrics: any MetricsFactory = MetricsSystem.factory, now: @escaping @Sendable () -> Date
    ) {
        self.store = store
        self.authTokens = authTokens
        self.key = key
        self.interval = interval
        self.metrics = metrics
        issuer = AuthTokenIssuer(tokens: authTokens, now: now)
        authority = MachineAuthority(machines: store, revisions: tiers.revisions, key: key)
        memory = MachineMemory(machines: store)
        registrar = MachineRegistrar(
            machines: store, tokens: authTokens, authority: authority, memory: memory, key: key, now: now)
        batcher = ReportBatcher(store: store, logger: logger)
        checkIn = CheckIn(
            tiers: tiers, offers: OfferIndex(catalog: catalog), memory: memory, batcher: batcher, support: support, url: url,
            interval: interval)
    }
}
