public import FoundationEssentials

/// Checks passwords against hashes. Slow by design.
public protocol PasswordVerifier: Sendable {
    /// Whether the password has that hash; `false` for a hash that cannot be read.
    func verify(_ password: String, against hash: String) async -> Bool
}

/// Lets administrators in and out.
public struct AccountAuthority: Sendable {
    /// What became of a login.
    public enum LoginDecision: Sendable {
        case accepted(KnownAdministrator, token: String)
        /// User or password is wrong.
        /// - Parameter refusal: how long further attempts are refused now, in seconds; 0 if they are not.
        case wrong(refusal: TimeInterval)
        /// Not looked at, since too many have failed; for so many seconds more.
        case refused(TimeInterval)
        /// Not looked at, since too many others are logging in.
        case crowded
    }

    private let isOpen: Bool
    private let store: any AccountStore
    private let configured: @Sendable () -> [Account]
    private let verifier: any PasswordVerifier
    private let logins: LoginGuard
    private let lifetime: Duration
    private let newSecret: @Sendable () -> String
    private let now: @Sendable () -> Date

    /// How old the note of a session's last use may be, in seconds: not every request is worth a transaction.
    private static let useAccuracy: TimeInterval = 60

    /// - Parameters:
    ///   - isOpen: whether there are accounts at all (`auth.basic.enabled`): otherwise no login succeeds, and no session is
    ///     good.
    ///   - configured: the accounts of the configuration (`auth.basic.users`) as they are at the time of the call; they win over
    ///     the store's.
    ///   - logins: decides who may try a password.
    ///   - lifetime: how long a session lasts.
    ///   - newSecret: makes a session's token.
    ///   - now: the current time.
    public init(
        isOpen: Bool = true, store: any AccountStore, configured: @escaping @Sendable () -> [Account],
        verifier: any PasswordVerifier, logins: LoginGuard, lifetime: Duration = .seconds(240 * 3600),
        newSecret: @escaping @Sendable () -> String = TokenIssuer.systemSecret, now: @escaping @Sendable () -> Date
    ) {
        self.isOpen = isOpen
        self.store = store
        self.configured = configured
        self.verifier = verifier
        self.logins = logins
        self.lifetime = lifetime
        self.newSecret = newSecret
        self.now = now
    }

    /// A hash that belongs to no password (the salt and digest are arbitrary), so that an unknown user costs as much time as a wrong
    /// password. Its cost is that of an account that there is: where all are made alike, time does not tell who is there.
    private func decoy() async throws -> String {
        var model = configured().first
        if model == nil { model = try await store.accounts().first }
        let parts = model?.passwordHash.split(separator: "$") ?? []
        return "$2y$\(parts.count == 3 ? parts[1] : "10")$abcdefghijklmnopqrstuuSm5ZyEXnGFXYLHdYCjlmOVz5oKXzp1e"
    }

    /// What whoever is not logged in is told.
    public static let loginRequired = LivepatchError(
        .loginRequired, "You are not logged in to this server, or the session has ended.",
        suggestion: "Log in with `livepatch-admin login`.")

    // MARK: Logging in

    /// Begins a session if user and password are right, and may be tried.
    /// - Parameter address: where the login comes from, as far as that is known.
    public func decideLogin(user: String, password: String, from address: IPAddress?) async throws -> LoginDecision {
        let outcome = try await logins.attempt(user, from: address) {
            let account = try await account(user)
            let hash = if let account { account.passwordHash } else { try await decoy() }
            let matches = await verifier.verify(password, against: hash)
            return account != nil && matches
        }
        switch outcome {
        case .right: break
        case .wrong(let refusal): return .wrong(refusal: refusal)
        case .refused(let seconds): return .refused(seconds)
        case .crowded: return .crowded
        }
        // Whoever was removed meanwhile is not let in.
        guard let account = try await account(user) else { return .wrong(refusal: 0) }
        let time = now()
        let token = newSecret()
        let session = AdminSession(
            user: user, hash: TokenSecret.hash(token), created: time,
            expires: time.addingTimeInterval(Double(lifetime.components.seconds)), credential: Self.credential(of: account),
            address: address?.description)
        try await store.removeSessions(expiredBefore: time)
        try await store.addSession(session)
        return .accepted(administrator(account, session), token: token)
    }

    /// Begins a session.
    /// - Throws: ``LivepatchError`` with the code `login-failed`, the same for an unknown user and a wrong password, and `login-locked`.
    public func login(
        user: String, password: String, from address: IPAddress? = nil
    ) async throws -> (administrator: KnownAdministrator, token: String) {
        let decision = try await decideLogin(user: user, password: password, from: address)
        guard case .accepted(let administrator, let token) = decision else { throw decision.refusal ?? Self.loginRequired }
        return (administrator, token)
    }

    // MARK: Sessions

    /// Whose session a token is of, with the role that its account has now.
    /// - Throws: ``LivepatchError`` with the code `login-required` if there is none, it has ended, its user is no longer known, or has
    ///   another password now.
    public func session(token: String?) async throws -> KnownAdministrator {
        let time = now()
        guard let token, let session = try await store.session(hash: TokenSecret.hash(token)), session.expires > time,
            let account = try await account(session.user), session.credential == Self.credential(of: account)
        else {
            throw Self.loginRequired
        }
        if session.lastUsed.map({ abs(time.timeIntervalSince($0)) >= Self.useAccuracy }) ?? true {
            // Whether that can be written does not decide who is let in: an administrator is needed most when the disk is full.
            try? await store.noteUse(of: session.hash, at: time)
        }
        return administrator(account, session)
    }

    /// Ends the session of a token; nothing happens if there is none.
    public func logout(token: String) async throws {
        try await store.removeSessions([TokenSecret.hash(token)])
    }

    /// Those that have not ended, for whatever reason; in order of user and beginning.
    func liveSessions() async throws -> [AdminSession] {
        let time = now()
        var accounts: [String: Account?] = [:]
        var live: [AdminSession] = []
        for session in try await store.sessions() where session.expires > time {
            let account: Account?
            if let known = accounts[session.user] { account = known } else { account = try await self.account(session.user) }
            accounts[session.user] = .some(account)
            if let account, session.credential == Self.credential(of: account) { live.append(session) }
        }
        return live.sorted { ($0.user, $0.created, $0.id) < ($1.user, $1.created, $1.id) }
    }

    func removeSessions(_ sessions: [AdminSession]) async throws {
        guard !sessions.isEmpty else { return }
        try await store.removeSessions(sessions.map(\.hash))
    }

    // MARK: Accounts

    private func administrator(_ account: Account, _ session: AdminSession) -> KnownAdministrator {
        KnownAdministrator(user: session.user, role: account.role, expires: session.expires, session: session)
    }

    private func account(_ user: String) async throws -> Account? {
        guard isOpen else { return nil }
        if let account = configured().first(where: { $0.user == user }) { return account }
        return try await store.accounts().first { $0.user == user }
    }

    /// By what a session knows whether the password is still the one that it began with.
    private static func credential(of account: Account) -> SHA256Digest { SHA256Digest(of: Array(account.passwordHash.utf8)) }
}

extension AccountAuthority.LoginDecision {
    /// What whoever is not let in is told; `nil` for whoever is.
    public var refusal: LivepatchError? {
        switch self {
        case .accepted: return nil
        case .wrong: return LivepatchError(.loginFailed, "User or password is wrong.")
        case .refused(let seconds):
            let pause = Duration.seconds(Int64(seconds.rounded(.up)))
            return LivepatchError(
                .loginLocked, "Too many logins of this user from your address, or of others from there, have failed.",
                suggestion: "Try again in \(DurationText.text(pause)).", retryAfter: pause)
        case .crowded:
            return LivepatchError(
                .loginLocked, "The server is checking as many passwords as it can.", suggestion: "Try again in a few seconds.",
                retryAfter: .seconds(5))
        }
    }
}
