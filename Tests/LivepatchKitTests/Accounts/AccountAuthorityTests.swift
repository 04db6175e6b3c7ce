import FoundationEssentials
import LivepatchKit
import LivepatchTesting
import Logging
import Synchronization
import Testing

/// Passwords "hashed" by a sign before them; it counts how often it was asked.
private final class SignVerifier: PasswordVerifier {
    let asked = Mutex<[String]>([])

    func verify(_ password: String, against hash: String) async -> Bool {
        asked.withLock { $0.append(hash) }
        return hash == "#\(password)"
    }
}

@Suite struct AccountAuthorityTests {
    private final class Configured: Sendable {
        let accounts = Mutex<[Account]>([])
    }

    private let clock = ManualClock()
    private let store: InMemoryAccountStore
    private let verifier = SignVerifier()
    private let configured = Configured()
    private let authority: AccountAuthority

    init() async throws {
        let database = InMemoryDatabase()
        store = InMemoryAccountStore(database)
        let (clock, configured) = (clock, configured)
        authority = AccountAuthority(
            store: store, configured: { configured.accounts.withLock { $0 } }, verifier: verifier,
            logins: LoginGuard(
                store: InMemoryLoginHistoryStore(database), logger: Logger(label: "test"), now: { clock.date }),
            lifetime: .seconds(3600),
            now: { clock.date })
        try await store.addAccount(Account(user: "admin", passwordHash: "#secret"))
    }

    @Test func `the right password begins a session that lasts its time`() async throws {
        let (administrator, token) = try await authority.login(user: "admin", password: "secret")
        #expect(TokenSecret.isWellFormed(token))
        #expect(administrator.session?.hash == TokenSecret.hash(token))
        #expect(administrator.expires == clock.date.addingTimeInterval(3600))
        #expect(try await authority.session(token: token).user == "admin")
        clock.advance(by: .seconds(3599))
        #expect(try await authority.session(token: token).user == "admin")
        clock.advance(by: .seconds(1))
        await expectError(.loginRequired, naming: ["livepatch-admin login"]) { try await authority.session(token: token) }
    }

    @Test func `an unknown user and a wrong password cannot be told apart, and take the same work`() async throws {
        let wrong = await expectError(.loginFailed) { try await authority.login(user: "admin", password: "guess") }
        let unknown = await expectError(.loginFailed) { try await authority.login(user: "nobody", password: "secret") }
        #expect(wrong?.description == unknown?.description)
        let asked = verifier.asked.withLock { $0 }
        #expect(asked.count == 2)
        #expect(asked.last?.wholeMatch(of: /\$2y\$10\$[.\/A-Za-z0-9]{53}/) != nil, "a hash that costs as much as a real one")
    }

    @Test func `configured accounts win over stored ones, as they are at the time`() async throws {
        configured.accounts.withLock { $0 = [Account(user: "admin", passwordHash: "#other")] }
        await expectError(.loginFailed) { try await authority.login(user: "admin", password: "secret") }
        let (_, token) = try await authority.login(user: "admin", password: "other")
        #expect(try await authority.session(token: token).user == "admin")
        configured.accounts.withLock { $0 = [] }
        await expectError(.loginRequired) { try await authority.session(token: token) }
        _ = try await authority.login(user: "admin", password: "secret")
    }

    @Test func `who is no longer known has no session`() async throws {
        configured.accounts.withLock { $0 = [Account(user: "bob", passwordHash: "#b")] }
        let (_, token) = try await authority.login(user: "bob", password: "b")
        configured.accounts.withLock { $0 = [] }
        await expectError(.loginRequired) { try await authority.session(token: token) }
    }

    @Test func `another password ends its user's sessions, and nobody else's`() async throws {
        configured.accounts.withLock { $0 = [Account(user: "bob", passwordHash: "#b")] }
        let (_, bob) = try await authority.login(user: "bob", password: "b")
        let (_, admin) = try await authority.login(user: "admin", password: "secret")
        configured.accounts.withLock { $0 = [Account(user: "bob", passwordHash: "#new")] }
        await expectError(.loginRequired) { try await authority.session(token: bob) }
        let who = try await authority.session(token: admin)
        #expect(try await authority.sessions(.everybody, for: who).map(\.user) == ["admin"])
    }

    @Test func `without accounts no password is right, and no session good`() async throws {
        let (_, token) = try await authority.login(user: "admin", password: "secret")
        let clock = clock
        let closed = AccountAuthority(
            isOpen: false, store: store, configured: { [] }, verifier: verifier,
            logins: LoginGuard(
                store: InMemoryLoginHistoryStore(InMemoryDatabase()), logger: Logger(label: "test"), now: { clock.date }),
            now: { clock.date })
        await expectError(.loginRequired) { try await closed.session(token: token) }
        await expectError(.loginFailed) { try await closed.login(user: "admin", password: "secret") }
    }

    @Test func `a role counts as it is now`() async throws {
        configured.accounts.withLock { $0 = [Account(user: "bob", passwordHash: "#b", role: .read)] }
        let (administrator, token) = try await authority.login(user: "bob", password: "b")
        #expect(administrator.role == .read)
        configured.accounts.withLock { $0 = [Account(user: "bob", passwordHash: "#b", role: .operate)] }
        #expect(try await authority.session(token: token).role == .operate)
    }

    @Test func `a session's last use is noted once a minute`() async throws {
        let (_, token) = try await authority.login(user: "admin", password: "secret", from: IPAddress("192.0.2.7"))
        let hash = TokenSecret.hash(token)
        #expect(try await store.session(hash: hash)?.lastUsed == nil)
        #expect(try await store.session(hash: hash)?.address == "192.0.2.7")
        _ = try await authority.session(token: token)
        let first = try #require(try await store.session(hash: hash)?.lastUsed)
        clock.advance(by: .seconds(59))
        _ = try await authority.session(token: token)
        #expect(try await store.session(hash: hash)?.lastUsed == first)
        clock.advance(by: .seconds(1))
        _ = try await authority.session(token: token)
        #expect(try await store.session(hash: hash)?.lastUsed == first.addingTimeInterval(60))
    }

    @Test func `sessions are listed and ended by those who may`() async throws {
        configured.accounts.withLock { $0 = [Account(user: "bob", passwordHash: "#b", role: .operate)] }
        let (admin, adminToken) = try await authority.login(user: "admin", password: "secret")
        let (bob, bobToken) = try await authority.login(user: "bob", password: "b")
        _ = try await authority.login(user: "bob", password: "b")
        #expect(try await authority.sessions(.own, for: bob).count == 2)
        #expect(try await authority.sessions(.user("bob"), for: bob).count == 2)
        #expect(try await authority.sessions(.everybody, for: admin).map(\.user) == ["admin", "bob", "bob"])
        await expectError(.roleInsufficient) { try await authority.sessions(.everybody, for: bob) }
        await expectError(.roleInsufficient) { try await authority.endSessions(.user("admin"), by: bob) }
        let adminID = try #require(admin.session?.id)
        let bobID = try #require(bob.session?.id)
        await expectError(.notFound, naming: [adminID]) { try await authority.endSessions(.ids([adminID]), by: bob) }
        await expectError(.malformedValue) { try await authority.endSessions(.ids([String(bobID.prefix(3))]), by: bob) }
        #expect(try await authority.endSessions(.ids([String(bobID.prefix(8))]), by: bob).map(\.id) == [bobID])
        await expectError(.loginRequired) { try await authority.session(token: bobToken) }
        #expect(try await authority.endSessions(.user("bob"), by: admin).count == 1)
        #expect(try await authority.session(token: adminToken).user == "admin")
        #expect(try await authority.endSessions(.everybody, by: admin).count == 1)
        await expectError(.loginRequired) { try await authority.session(token: adminToken) }
    }

    @Test func `no token, a wrong one and one that was logged out are all no session`() async throws {
        let (_, token) = try await authority.login(user: "admin", password: "secret")
        let (_, other) = try await authority.login(user: "admin", password: "secret")
        await expectError(.loginRequired) { try await authority.session(token: nil) }
        await expectError(.loginRequired) { try await authority.session(token: "") }
        await expectError(.loginRequired) { try await authority.session(token: TokenIssuer.systemSecret()) }
        try await authority.logout(token: token)
        try await authority.logout(token: token)
        await expectError(.loginRequired) { try await authority.session(token: token) }
        #expect(try await authority.session(token: other).user == "admin")
    }

    @Test func `sessions that have ended are cleared away by the next login`() async throws {
        let session = try #require(try await authority.login(user: "admin", password: "secret").administrator.session)
        clock.advance(by: .seconds(3601))
        #expect(try await store.session(hash: session.hash) != nil)
        _ = try await authority.login(user: "admin", password: "secret")
        #expect(try await store.session(hash: session.hash) == nil)
    }
}
