public import FoundationEssentials

/// The permission to attach machines to a tier: what `livepatch-admin auth-token ID TIER` issues.
public struct AuthToken: Hashable, Sendable, Codable {
    /// Free text that names the group of machines: 1 to 128 characters, none of them a control character, no space at either end.
    /// Unique among tokens that have not been revoked.
    public var id: String
    public var tier: TierName
    public var created: Date
    /// When it stops attaching machines; those attached stay. `nil` for never.
    public var validUntil: Date?
    /// The most machines that it attaches; `nil` for no limit.
    public var machineLimit: Int?
    /// From then on neither it nor the machines attached with it get anything.
    public var revoked: Date?
    /// The SHA-256 of the secret's characters.
    public var hash: SHA256Digest

    public init(
        id: String, tier: TierName, created: Date, validUntil: Date? = nil, machineLimit: Int? = nil, revoked: Date? = nil,
        hash: SHA256Digest
    ) {
        self.id = id
        self.tier = tier
        self.created = created
        self.validUntil = validUntil
        self.machineLimit = machineLimit
        self.revoked = revoked
        self.hash = hash
    }
}

/// Where auth tokens are kept.
public protocol AuthTokenStore: Sendable {
    /// All tokens with the number of machines attached, revoked ones included, in order of id, then creation.
    func authTokens() async throws -> [(token: AuthToken, machines: Int)]
    /// The token with that hash, revoked or expired ones included.
    func authToken(hash: SHA256Digest) async throws -> AuthToken?
    /// - Throws: ``LivepatchError`` with the codes `already-exists` (an unrevoked token has that id), `tier-unknown`.
    func add(_ token: AuthToken, entry: ChangeEntry) async throws
    /// Changes the unrevoked token of that id, in one transaction. Its secret stays. A revocation or another tier increases the
    /// catalogue's revision, so that whoever remembers what its machines may have learns of it.
    /// - Throws: ``LivepatchError`` with the codes `not-found`, `tier-unknown`.
    @discardableResult
    func updateAuthToken(
        _ id: String, entry: ChangeEntry, _ change: @Sendable (inout AuthToken) throws -> Void
    ) async throws -> AuthToken
}
