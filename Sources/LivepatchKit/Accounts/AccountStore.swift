public import FoundationEssentials

/// An administrator who may log in.
public struct Account: Hashable, Sendable {
    public let user: String
    /// A bcrypt hash in the modular crypt format: `$2y$10$…`.
    public let passwordHash: String
    public let role: AdministratorRole

    public init(user: String, passwordHash: String, role: AdministratorRole = .admin) {
        self.user = user
        self.passwordHash = passwordHash
        self.role = role
    }
}

/// An administrator's login, until it ends.
public struct AdminSession: Hashable, Sendable {
    public let user: String
    /// The SHA-256 of the session's token.
    public let hash: SHA256Digest
    public let created: Date
    public let expires: Date
    /// The SHA-256 of the password's hash that it began with: with another password it has ended.
    public let credential: SHA256Digest
    /// Where it was begun from, if that was known.
    public let address: String?
    /// When it was last used, give or take a minute; `nil` if it was not.
    public let lastUsed: Date?

    public init(
        user: String, hash: SHA256Digest, created: Date, expires: Date, credential: SHA256Digest, address: String? = nil,
        lastUsed: Date? = nil
    ) {
        self.user = user
        self.hash = hash
        self.created = created
        self.expires = expires
        self.credential = credential
        self.address = address
        self.lastUsed = lastUsed
    }
}

/// Where accounts and sessions are kept.
public protocol AccountStore: Sendable {
    /// The accounts that the server made itself; configured ones are not among them.
    func accounts() async throws -> [Account]
    func addAccount(_ account: Account) async throws
    func addSession(_ session: AdminSession) async throws
    /// The session of that token, ended or not.
    func session(hash: SHA256Digest) async throws -> AdminSession?
    /// All sessions, ended ones too, in any order.
    func sessions() async throws -> [AdminSession]
    /// Nothing happens if there is no such session.
    func noteUse(of hash: SHA256Digest, at time: Date) async throws
    func removeSessions(_ hashes: [SHA256Digest]) async throws
    func removeSessions(expiredBefore time: Date) async throws
}
