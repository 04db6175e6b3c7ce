public import FoundationEssentials

/// How a machine is attached to its server: what `livepatch-agent enable` settled. The machine token is kept elsewhere.
public struct MachineAttachment: Hashable, Sendable, Codable {
    /// The server's URL.
    public var server: String
    /// The machine's id at that time.
    public var machine: MachineID
    /// The server's id.
    public var deployment: DeploymentID
    /// The tier of the auth token at that time.
    public var tier: TierName
    public var enabled: Date
    /// The fingerprints of the roots that trust begins with; if there are none, nothing that is offered can be proven.
    public var trustedRoots: [SHA256Digest]
    /// Whether documents are believed that nobody signed; never while there are ``trustedRoots``.
    public var allowsUnsigned: Bool
    public var wishes: MachineWishes
    /// The proxies' URLs, and what is reached without them.
    public var httpProxy: String?
    public var httpsProxy: String?
    public var noProxy: [String]

    public init(
        server: String, machine: MachineID, deployment: DeploymentID, tier: TierName, enabled: Date,
        trustedRoots: [SHA256Digest], allowsUnsigned: Bool = false, wishes: MachineWishes = MachineWishes(),
        httpProxy: String? = nil, httpsProxy: String? = nil, noProxy: [String] = []
    ) {
        self.server = server
        self.machine = machine
        self.deployment = deployment
        self.tier = tier
        self.enabled = Timestamp.wholeSecond(enabled)
        self.trustedRoots = trustedRoots
        self.allowsUnsigned = allowsUnsigned
        self.wishes = wishes
        self.httpProxy = httpProxy
        self.httpsProxy = httpsProxy
        self.noProxy = noProxy
    }
}
