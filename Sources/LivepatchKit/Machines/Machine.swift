public import FoundationEssentials

/// A machine as a server knows it.
public struct Machine: Hashable, Sendable, Codable {
    public var id: HashedMachineID
    /// The id of the auth token that it registered with last.
    public var authToken: String
    /// The tier of that token.
    public var tier: TierName
    /// When it registered last.
    public var registered: Date
    /// When it was last heard of; `nil` if it has never checked in.
    public var lastSeen: Date?
    /// What it last said.
    public var report: MachineReport?
    /// Since when it is in the state that the last report tells.
    public var stateSince: Date?
    /// When it booted, by the server's clock.
    public var booted: Date?
    /// Since when two machines seem to use its id.
    public var sharedSince: Date?
    /// Labels that administrators gave it, sorted.
    public var tags: [String]

    public init(
        id: HashedMachineID, authToken: String, tier: TierName, registered: Date, lastSeen: Date? = nil,
        report: MachineReport? = nil, stateSince: Date? = nil, booted: Date? = nil, sharedSince: Date? = nil, tags: [String] = []
    ) {
        self.id = id
        self.authToken = authToken
        self.tier = tier
        self.registered = registered
        self.lastSeen = lastSeen
        self.report = report
        self.stateSince = stateSince
        self.booted = booted
        self.sharedSince = sharedSince
        self.tags = tags
    }
}

/// Which machines are meant; what is `nil` or empty does not matter.
public struct MachineQuery: Hashable, Sendable, Codable {
    /// The first digits of the hashed id, hexadecimal; what is no such digit fits no machine.
    public var idPrefix: String?
    public var tier: TierName?
    public var authToken: String?
    /// The patch version applied, or attempted.
    public var patchVersion: PatchVersion?
    public var states: [PatchState] = []
    public var kernel: KernelVersion?
    public var flavour: Flavour?
    public var architecture: Architecture?
    /// All of these tags.
    public var tags: [String] = []
    /// Last heard of before then, or never.
    public var silentSince: Date?
    /// Heard of since then.
    public var seenSince: Date?
    /// Only those whose id two machines seem to use.
    public var shared = false

    public init() {}
}
