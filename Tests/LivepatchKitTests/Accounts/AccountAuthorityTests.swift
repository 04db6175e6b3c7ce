import FoundationEssentials
import LivepatchKit
import LivepatchTesting
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
        store = InMemoryAccountStore(InMemoryDatabase())
        let (clock, configured) = (clock, configured)
        authority = AccountAuthority(
            store: store, configured: { configured.accounts.withLock { $0 } }, verifier: verifier, lifetime: .seconds(3600),
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
        configured.accounts.withLock { $0 = [] }
        #expect(try await authority.session(token: token).user == "admin")
        _ = try await authority.login(user: "admin", password: "secret")
    }

    @Test func `who is no longer known has no session`() async throws {
        configured.accounts.withLock { $0 = [Account(user: "bob", passwordHash: "#b")] }
        let (_, token) = try await authority.login(user: "bob", password: "b")
        configured.accounts.withLock { $0 = [] }
        await expectError(.loginRequired) { try await authority.session(token: token) }
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
