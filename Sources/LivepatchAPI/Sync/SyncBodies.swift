public import FoundationEssentials
public import LivepatchKit

/// `GET /v1/admin/sync`
public struct SyncStatusBody: Hashable, Sendable, Codable {
    public let deployment: DeploymentID
    /// Whether `patch-sync.enabled` is on.
    public let enabled: Bool
    /// In the order in which they are tried, without credentials.
    public let upstreams: [String]
    public let syncTiers: Bool
    /// In seconds.
    public let intervalSeconds: Double?
    /// The upstream's route, once known.
    public let route: Route?
    public let filter: SyncFilter
    /// The sync under way; `nil` if there is none.
    public let running: SyncProgress?
    public let last: SyncReport?
    /// The last sync that ended `complete` or `unchanged`.
    public let lastSuccess: Date?
    public let next: Date?
    /// Whether each upstream announces its changes; `nil` of a server that does not listen.
    public let listening: [UpstreamListening]?
    /// How long the last change that came took from its signing to here, in seconds; `nil` if none is remembered.
    public let propagationSeconds: Double?
    /// When content is fetched; `nil` of a server that does not sync, and of one from before it could be chosen.
    public let mode: SyncMode?
    /// Files whose content is fetched when it is first asked for; `nil` for none.
    public let awaitedFiles: Int?

    public init(
        deployment: DeploymentID, enabled: Bool, upstreams: [String], syncTiers: Bool, intervalSeconds: Double?, route: Route?,
        filter: SyncFilter, running: SyncProgress?, last: SyncReport?, lastSuccess: Date?, next: Date?,
        listening: [UpstreamListening]? = nil, propagationSeconds: Double? = nil, mode: SyncMode? = nil, awaitedFiles: Int? = nil
    ) {
        self.deployment = deployment
        self.enabled = enabled
        self.upstreams = upstreams
        self.syncTiers = syncTiers
        self.intervalSeconds = intervalSeconds
        self.route = route
        self.filter = filter
        self.running = running
        self.last = last
        self.lastSuccess = lastSuccess
        self.next = next
        self.listening = listening
        self.propagationSeconds = propagationSeconds
        self.mode = mode
        self.awaitedFiles = awaitedFiles
    }
}

/// `POST /v1/admin/sync`: triggers a sync, or joins the one under way. The answer is a stream of ``SyncEventBody`` lines.
public struct SyncTriggerBody: Hashable, Sendable, Codable {
    /// Whether the answer goes on until the sync has ended; otherwise it is one line.
    public let wait: Bool
    /// Whether the upstream may show much less than before (``LivepatchError/Code/upstreamShrunken``).
    public let acceptRemovals: Bool

    public init(wait: Bool, acceptRemovals: Bool) {
        self.wait = wait
        self.acceptRemovals = acceptRemovals
    }
}

/// One line of the answer to a trigger (`application/x-ndjson`): first `started`, then `progress` as it changes, then `ended` or `problem`.
public enum SyncEventBody: Hashable, Sendable, Codable {
    /// - Parameter joined: whether the sync was under way already.
    case started(joined: Bool)
    case progress(SyncProgress)
    case ended(SyncReport)
    case problem(Problem)
}

/// `GET /v1/admin/sync/reports?limit=…`, newest first.
public struct SyncReportsBody: Hashable, Sendable, Codable {
    public let reports: [SyncReport]
    /// What goes on behind the last one, as the query parameter `cursor`; `nil` at the end.
    public let next: String?

    public init(reports: [SyncReport], next: String? = nil) {
        self.reports = reports
        self.next = next
    }
}
