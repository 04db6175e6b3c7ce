public import FoundationEssentials

/// Checks passwords against hashes. Slow by design.
public protocol PasswordVerifier: Sendable {
    /// Whether the password has that hash; `false` for a hash that cannot be read.
    func verify(_ password: String, against hash: String) async -> Bool
}

/// Lets administrators in and out.
public struct AccountAuthority: Sendable {
    private let store: any AccountStore
    private let configured: @Sendable () -> [Account]
    private let verifier: any PasswordVerifier
    private let lifetime: Duration
    private let newSecret: @Sendable () -> String
    private let now: @Sendable () -> Date

    /// - Parameters:
    ///   - configured: the accounts of the configuration (`auth.basic.users`) as they are at the time of the call; they win over
    ///     the store's.
    ///   - lifetime: how long a session lasts.
    ///   - newSecret: makes a session's token.
    ///   - now: the current time.
    public init(
        store: any AccountStore, configured: @escaping @Sendable () -> [Account], verifier: any PasswordVerifier,
        lifetime: Duration = .seconds(240 * 3600), newSecret: @escaping @Sendable () -> String = TokenIssuer.systemSecret,
        now: @escaping @Sendable () -> Date
    ) {
        self.store = store
        self.configured = configured
        self.verifier = verifier
        self.lifetime = lifetime
        self.newSecret = newSecret
        self.now = now
    }

    /// A hash that belongs to no password (the salt and digest are arbitrary), so that an unknown user costs as much time as a wrong
    /// password.
    private static let decoy = "$2y$10$abcdefghijklmnopqrstuuSm5ZyEXnGFXYLHdYCjlmOVz5oKXzp1e"

    /// What whoever is not logged in is told.
    public static let loginRequired = LivepatchError(
        .loginRequired, "You are not logged in to this server, or the session has ended.",
        suggestion: "Log in with `livepatch-admin login`.")

    /// Begins a session.
    /// - Throws: ``LivepatchError`` with the code `login-failed`, the same for an unknown user and a wrong password.
    public func login(user: String, password: String) async throws -> (administrator: KnownAdministrator, token: String) {
        let account = try await account(user)
        let matches = await verifier.verify(password, against: account?.passwordHash ?? Self.decoy)
        guard let account, matches else {
            throw LivepatchError(.loginFailed, "User or password is wrong.")
        }
        let time = now()
        let token = newSecret()
        let session = AdminSession(
            user: user, hash: TokenSecret.hash(token), created: time,
            expires: time.addingTimeInterval(Double(lifetime.components.seconds)))
        try await store.removeSessions(expiredBefore: time)
        try await store.addSession(session)
        return (administrator(account, session), token)
    }

    /// Whose session a token is of, with the role that its account has now.
    /// - Throws: ``LivepatchError`` with the code `login-required` if there is none, it has ended, or its user is no longer known.
    public func session(token: String?) async throws -> KnownAdministrator {
        guard let token, let session = try await store.session(hash: TokenSecret.hash(token)), session.expires > now(),
            let account = try await account(session.user)
        else {
            throw Self.loginRequired
        }
        return administrator(account, session)
    }

    /// Ends the session of a token; nothing happens if there is none.
    public func logout(token: String) async throws {
        try await store.removeSession(hash: TokenSecret.hash(token))
    }

    private func administrator(_ account: Account, _ session: AdminSession) -> KnownAdministrator {
        KnownAdministrator(user: session.user, role: account.role, expires: session.expires, session: session)
    }

    private func account(_ user: String) async throws -> Account? {
        if let account = configured().first(where: { $0.user == user }) { return account }
        return try await store.accounts().first { $0.user == user }
    }
}
