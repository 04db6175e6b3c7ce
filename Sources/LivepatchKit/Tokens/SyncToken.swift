public import FoundationEssentials

/// A downstream's permission to see what a tier offers.
public struct SyncToken: Hashable, Sendable, Codable {
    /// A secret that opens the token; only its hash is kept.
    public struct Secret: Hashable, Sendable, Codable {
        /// The SHA-256 of the secret's 36 characters. The secret has 122 random bits, so that a fast hash is enough.
        public let hash: SHA256Digest
        /// When it stops working; `nil` for as long as the token lives. Rotation gives the old secret an end.
        public let validUntil: Date?

        public init(hash: SHA256Digest, validUntil: Date? = nil) {
            self.hash = hash
            self.validUntil = validUntil
        }
    }

    /// Unique among tokens that have not been revoked.
    public var name: String
    public var tier: TierName
    public var created: Date
    /// When it expires; `nil` for never.
    public var validUntil: Date?
    public var revoked: Date?
    /// When it was last used, to the minute or better.
    public var lastUsed: Date?
    /// The deployment that used it last, as that said itself.
    public var lastDeployment: DeploymentID?
    /// The newest first.
    public var secrets: [Secret]

    public init(
        name: String, tier: TierName, created: Date, validUntil: Date? = nil, revoked: Date? = nil, lastUsed: Date? = nil,
        lastDeployment: DeploymentID? = nil, secrets: [Secret]
    ) {
        self.name = name
        self.tier = tier
        self.created = created
        self.validUntil = validUntil
        self.revoked = revoked
        self.lastUsed = lastUsed
        self.lastDeployment = lastDeployment
        self.secrets = secrets
    }
}

/// Where sync tokens are kept.
public protocol TokenStore: Sendable {
    /// All tokens, revoked ones included, in order of name, then creation.
    func syncTokens() async throws -> [SyncToken]
    /// The token that has a secret with this hash, revoked or expired ones included, and the catalogue's revision that it belongs to.
    func syncTokenAndRevision(hash: SHA256Digest) async throws -> (token: SyncToken?, revision: CatalogRevision)
    /// Adds a token.
    /// - Throws: ``LivepatchError`` with the code `already-exists` if an unrevoked token has that name, `tier-unknown` if the
    ///   catalogue that shares this store has no such tier.
    func add(_ token: SyncToken, entry: ChangeEntry) async throws
    /// Changes the unrevoked token of that name, in one transaction. A change of what it opens, and for how long, increases the
    /// catalogue's revision.
    /// - Throws: ``LivepatchError`` with the code `not-found`.
    @discardableResult
    func update(_ name: String, entry: ChangeEntry, _ change: @Sendable (inout SyncToken) throws -> Void) async throws
        -> SyncToken
    /// Notes a use; not recorded in the history.
    func noteUse(hash: SHA256Digest, time: Date, deployment: DeploymentID?) async throws
}

extension SyncToken {
    /// Whether it is neither revoked nor expired.
    public func isUsable(at time: Date) -> Bool {
        revoked == nil && validUntil.map { time < $0 } != false
    }
}

extension TokenStore {
    /// The token that has a secret with this hash, revoked or expired ones included.
    public func syncToken(hash: SHA256Digest) async throws -> SyncToken? { try await syncTokenAndRevision(hash: hash).token }
}
