public import LivepatchKit

/// `GET /v1/admin/tiers`
public struct TierListBody: Hashable, Sendable, Codable {
    public struct Tier: Hashable, Sendable, Codable {
        public let name: TierName
        /// From 0; new patches enter tier 0.
        public let position: Int
        /// The patch versions that it offers.
        public let versions: [PatchVersion]
        /// The patch versions that it holds but does not offer, because they are blocked.
        public let blocked: [PatchVersion]
        /// The names of the sync tokens that refer to it.
        public let syncTokens: [String]

        public init(name: TierName, position: Int, versions: [PatchVersion], blocked: [PatchVersion], syncTokens: [String]) {
            self.name = name
            self.position = position
            self.versions = versions
            self.blocked = blocked
            self.syncTokens = syncTokens
        }
    }

    public let tiers: [Tier]
    /// The upstream that decides about tiers here (`patch-sync.sync-tiers`); `nil` if this server does.
    public let managedBy: String?

    public init(tiers: [Tier], managedBy: String?) {
        self.tiers = tiers
        self.managedBy = managedBy
    }
}

/// `POST /v1/admin/changes`
public struct ChangeRequestBody: Hashable, Sendable, Codable {
    public let command: TierCommand
    /// Whether only the plan is wanted.
    public let dryRun: Bool

    public init(command: TierCommand, dryRun: Bool) {
        self.command = command
        self.dryRun = dryRun
    }
}

/// The answer to `POST /v1/admin/changes`.
public struct ChangeResultBody: Hashable, Sendable, Codable {
    public let plan: TierPlan
    /// The number in the history; `nil` for a dry run and for a command that changes nothing.
    public let change: Int64?

    /// What `If-Match` takes to have exactly this plan carried out; `nil` if something was.
    public let mark: String?

    public init(plan: TierPlan, change: Int64?, mark: String? = nil) {
        self.plan = plan
        self.change = change
        self.mark = mark
    }
}

/// `GET /v1/admin/changes?before=…`, newest first, page by page.
public struct HistoryBody: Hashable, Sendable, Codable {
    public let changes: [ChangeRecord]
    /// What goes on behind the last one, as the query parameter `cursor`; `nil` at the end.
    public let next: String?

    public init(changes: [ChangeRecord], next: String? = nil) {
        self.changes = changes
        self.next = next
    }
}

/// `GET /v1/admin/tier-snapshots`, newest first, page by page.
public struct TierSnapshotsBody: Hashable, Sendable, Codable {
    public let snapshots: [TierSnapshot]
    /// What goes on behind the last one, as the query parameter `cursor`; `nil` at the end.
    public let next: String?

    public init(snapshots: [TierSnapshot], next: String? = nil) {
        self.snapshots = snapshots
        self.next = next
    }
}
