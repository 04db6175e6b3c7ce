public import FoundationEssentials
public import LivepatchKit

/// Where patches are pulled from, which, and how.
public struct SyncConfiguration: Hashable, Sendable {
    /// The way to the upstream where it is not a direct one. Its URLs may carry credentials, which no description shows.
    public struct Proxy: Hashable, Sendable {
        /// For http upstreams.
        public let http: URL?
        /// For https upstreams.
        public let https: URL?
        /// Hosts, and domains that begin with a dot, that are reached directly.
        public let exceptions: [String]
    }

    /// How long things may take.
    public struct Timeouts: Hashable, Sendable {
        public let connect: Duration
        /// Between two pieces of an answer.
        public let idle: Duration
        /// For one file.
        public let transfer: Duration
    }

    /// Whether to sync at all. Where it is true there is a ``token`` and at least one of ``upstreams``.
    public let isEnabled: Bool
    /// Tried in order.
    public let upstreams: [URL]
    /// From `patch-sync.token` or the file that `patch-sync.token-file` names.
    public let token: ConcealedText?
    public let interval: Duration
    /// Whether upstreams are listened to (`patch-sync.push.enabled`).
    public let listens: Bool
    /// Whether content is fetched in a sync, or when it is first asked for.
    public let mode: SyncMode
    /// Whether the upstream's tiers and their contents replace the local ones (`patch-sync.sync-tiers`).
    public let mirrorsTiers: Bool
    public let filter: SyncFilter
    /// `nil` for the id that the server generated.
    public let deployment: DeploymentID?
    public let proxy: Proxy?
    /// The path of a PEM file of certificates; `nil` for the system's.
    public let certificateAuthority: String?
    /// The paths of PEM files: what this server shows its upstream; both or none.
    public let clientCertificate: String?
    public let clientKey: String?
    /// The fingerprints of the roots that are trusted; empty to trust what is first seen.
    public let trustedRoots: [SHA256Digest]
    /// How long after it has expired signed metadata is still believed.
    public let freshnessTolerance: Duration
    /// Files at the same time.
    public let maximumTransfers: Int
    /// Bytes a second for all transfers together; `nil` for no limit.
    public let bandwidthLimit: Int64?
    /// From 0 to 1: the share of the patch versions that a sync may remove without a block that explains it.
    public let maximumRemovalShare: Double
    public let timeouts: Timeouts

    init(_ reading: inout ConfigurationReading, purpose: ConfigurationSources.Purpose) {
        isEnabled = reading.value(SyncSettings.enabled) || purpose == .sync
        upstreams = reading.value(SyncSettings.upstreamURL)
        token = SyncChecks.token(&reading)
        interval = reading.value(SyncSettings.interval)
        listens = reading.value(SyncSettings.push)
        mode = reading.value(SyncSettings.mode)
        mirrorsTiers = reading.value(SyncSettings.syncTiers)
        filter = SyncFilter(
            architectures: Set(reading.value(SyncSettings.architectures)), flavours: Set(reading.value(SyncSettings.flavours)),
            minimumKernel: reading.value(SyncSettings.minimumKernel))
        deployment = reading.value(SyncSettings.id)
        proxy = SyncChecks.proxy(&reading)
        certificateAuthority = SyncChecks.certificateAuthority(&reading)
        (clientCertificate, clientKey) = EncryptionChecks.keyFiles(
            SyncSettings.clientCertificate, SyncSettings.clientKey, &reading)
        trustedRoots = reading.value(SyncSettings.trustedRoots)
        freshnessTolerance = reading.value(SyncSettings.freshnessTolerance)
        maximumTransfers = reading.value(SyncSettings.maximumTransfers)
        bandwidthLimit = reading.value(SyncSettings.bandwidthLimit)
        maximumRemovalShare = reading.value(SyncSettings.maximumRemovalShare)
        timeouts = Timeouts(
            connect: reading.value(SyncSettings.connectTimeout), idle: reading.value(SyncSettings.idleTimeout),
            transfer: reading.value(SyncSettings.transferTimeout))
        SyncChecks.upstream(self, &reading)
    }
}

extension SyncConfiguration.Proxy: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String {
        [http, https].compactMap { $0.map { Redaction.withoutCredentials($0.absoluteString) } }.joined(separator: ", ")
    }
    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: []) }
}
