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

    public init(user: String, hash: SHA256Digest, created: Date, expires: Date) {
        self.user = user
        self.hash = hash
        self.created = created
        self.expires = expires
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
    func removeSession(hash: SHA256Digest) async throws
    func removeSessions(expiredBefore time: Date) async throws
}
