public import LivepatchKit
public import LivepatchTLS

/// All settings of a server, checked.
public struct ServerConfiguration: Hashable, Sendable {
    public let logLevel: LogLevel
    public let logFormat: LogFormat
    public let address: ListenAddress
    /// Where parts of the wire are answered instead; `nil` for ``address``.
    public let machineAddress: ListenAddress?
    public let syncAddress: ListenAddress?
    public let adminAddress: ListenAddress?
    /// `nil` for a server that encrypts nothing.
    public let encryption: TLSSettings?
    /// The directory of the database, the patches and the keys.
    public let dataDirectory: String
    /// Where machines are sent for patch files, `{filename}` standing for the name; `nil` for this server.
    public let urlTemplate: String?
    /// Whether requests for patch files are redirected to ``urlTemplate``.
    public let redirectsDownloads: Bool
    /// How long transfers under way may take after the server was told to stop.
    public let shutdownDeadline: Duration
    /// The largest patch file that is accepted, in bytes.
    public let maximumUploadSize: Int64
    /// How long a timestamp that this server signs is good.
    public let metadataLifetime: Duration
    /// Whether machines may hold a request open to hear of changes (`server.client-push.enabled`).
    public let announcesToMachines: Bool
    public let metrics: MetricsConfiguration
    /// The reverse proxies that are believed.
    public let trustedProxies: [AddressBlock]
    public let trustedProxiesField: ForwardedField
    public let limits: LimitConfiguration
    public let authentication: AuthenticationConfiguration
    public let storage: StorageConfiguration
    public let cache: PatchCacheConfiguration
    public let sync: SyncConfiguration
    public let machines: MachineConfiguration
    public let webhooks: WebhookConfiguration
    /// Everything in the configuration that no log line may show: the values of secret keys, whole and in parts, the token that a file
    /// holds, and the user information of URLs.
    public internal(set) var secrets: [ConcealedText] = []

    init(_ reading: inout ConfigurationReading, purpose: ConfigurationSources.Purpose) {
        logLevel = reading.value(ServerSettings.logLevel)
        logFormat = reading.value(ServerSettings.logFormat)
        address = reading.value(ServerSettings.serverAddress)
        machineAddress = reading.value(ServerSettings.machineAddress)
        syncAddress = reading.value(ServerSettings.syncAddress)
        adminAddress = reading.value(ServerSettings.adminAddress)
        encryption = EncryptionChecks.settings(&reading)
        dataDirectory = reading.value(ServerSettings.dataDirectory)
        urlTemplate = reading.value(ServerSettings.urlTemplate)
        redirectsDownloads = reading.value(ServerSettings.redirectDownloads)
        shutdownDeadline = reading.value(ServerSettings.shutdownDeadline)
        maximumUploadSize = reading.value(ServerSettings.maximumUploadSize)
        metadataLifetime = reading.value(ServerSettings.metadataLifetime)
        announcesToMachines = reading.value(ServerSettings.clientPush)
        metrics = MetricsConfiguration(&reading)
        trustedProxies = reading.value(ServerSettings.trustedProxies)
        trustedProxiesField = reading.value(ServerSettings.trustedProxiesField)
        limits = LimitConfiguration(&reading)
        authentication = AuthenticationConfiguration(&reading)
        storage = StorageConfiguration(&reading)
        cache = PatchCacheConfiguration(&reading)
        sync = SyncConfiguration(&reading, purpose: purpose)
        machines = MachineConfiguration(&reading)
        webhooks = WebhookConfiguration(&reading)
        if redirectsDownloads, urlTemplate == nil, !reading.isMalformed(ServerSettings.urlTemplate) {
            reading.refuse(
                .missingValue, ServerSettings.redirectDownloads,
                "server.redirect-downloads is true, but there is nowhere to redirect to.", suggestion: "Set server.url-template.")
        }
        if redirectsDownloads, sync.isEnabled, sync.mode == .onDemand {
            reading.refuse(
                .conflict, SyncSettings.mode,
                "patch-sync.mode is on-demand, but server.redirect-downloads sends everybody elsewhere: nothing would ever be asked for here.",
                suggestion: "Remove one of them.")
        }
    }

    /// The directory of the patch files: `patch-storage.filesystem-path`, or else the data directory.
    public var patchDirectory: String { storage.filesystemPath ?? dataDirectory }
}
