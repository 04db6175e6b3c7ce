import FoundationEssentials

// What the `data` of each event says. Lists are cut to ``WebhookLimit/list`` items, so that a message stays small; counts are whole.

enum WebhookLimit {
    static let list = 100
}

/// The body of every message.
struct WebhookPayload<Content: Encodable>: Encodable {
    let type: WebhookEventType
    /// When it happened.
    let timestamp: Date
    /// The server that tells it.
    let deployment: DeploymentID
    let data: Content
}

/// `patch.imported`
struct ImportedPatch: Encodable {
    let version: PatchVersion
    let files: [PatchFileName]
    let count: Int
    let actor: String
    /// The number of the last change of the history that this is about.
    let change: Int64
}

/// `patch.promoted` and `patch.withdrawn`
struct MovedPatches: Encodable {
    struct Move: Encodable {
        let version: PatchVersion
        /// The last tier that held it; absent for none.
        let before: TierName?
        let after: TierName?
    }

    let patches: [Move]
    let count: Int
    let actor: String
    /// The command.
    let action: String
    let reason: String?
    let change: Int64
}

/// `patch.blocked` and `patch.unblocked`
struct BlockedPatches: Encodable {
    struct Item: Encodable {
        let version: PatchVersion
        let reason: String
        /// The server whose administrator decided.
        let deployment: DeploymentID
    }

    let patches: [Item]
    let count: Int
    let actor: String
    let action: String
    let change: Int64
}

/// `tier.changed`
struct ChangedTiers: Encodable {
    let before: [TierName]
    let after: [TierName]
    let actor: String
    let action: String
    let change: Int64
}

/// `sync.completed` and `sync.failed`
struct EndedSync: Encodable {
    let report: Int64
    let result: SyncReport.Result
    let upstream: String?
    let started: Date
    let ended: Date
    let files: Int
    let bytes: Int64
    let versionsAdded: [PatchVersion]
    let versionsRemoved: [PatchVersion]
    let failures: [SyncReport.Failure]
    let failureCount: Int
    let notes: [String]

    init(_ report: SyncReport) {
        self.report = report.id
        result = report.result
        upstream = report.upstream
        started = report.started
        ended = report.ended
        files = report.files
        bytes = report.bytes
        versionsAdded = Array(report.versionsAdded.prefix(WebhookLimit.list))
        versionsRemoved = Array(report.versionsRemoved.prefix(WebhookLimit.list))
        failures = Array(report.failures.prefix(10))
        failureCount = report.failures.count
        notes = Array(report.notes.prefix(10))
    }
}

/// `health.degraded` and `health.recovered`
struct FailingPatch: Encodable {
    let version: PatchVersion
    let tier: TierName
    /// How many machines of the tier failed to apply it, and how many there are with that version applied or attempted.
    let failed: Int
    let machines: Int
}

/// `token.expiring`
struct ExpiringToken: Encodable {
    /// `sync` or `auth`.
    let kind: String
    let name: String
    let tier: TierName
    let validUntil: Date
}

/// `webhook.test`
struct TestMessage: Encodable {
    let webhook: Int64
    let actor: String
}
