import FoundationEssentials
import LivepatchKit
import LivepatchTesting
import Testing

@Suite struct TokenIssuerTests {
    private let clock = ManualClock()
    private let catalog: InMemoryCatalog
    private let tokens: InMemoryTokenStore
    private let issuer: TokenIssuer
    private let authority: TokenAuthority

    init() {
        let clock = clock
        let database = InMemoryDatabase()
        catalog = InMemoryCatalog(database)
        tokens = InMemoryTokenStore(database)
        issuer = TokenIssuer(tokens: tokens, now: { clock.date })
        authority = TokenAuthority(tokens: tokens, now: { clock.date })
    }

    /// What becomes of a secret: the token's name, or why it was refused and for which token.
    private func decision(_ secret: String?, from deployment: DeploymentID? = nil) async throws -> String {
        switch try await authority.decide(secret, from: deployment) {
        case .accepted(let token): "accepted \(token.name) (\(token.tier))"
        case .refused(let refusal, let name): "\(refusal) \(name ?? "-")"
        }
    }

    private func add(_ name: String = "site", validFor duration: TimeInterval? = nil) async throws -> String {
        try await issuer.add(
            tier: "beta", name: name, validUntil: duration.map { clock.date.addingTimeInterval($0) }, by: "alice"
        ).secret
    }

    // MARK: Issuing

    @Test func `a token's secret opens it, and is nowhere to be found afterwards`() async throws {
        let (token, secret) = try await issuer.add(tier: "beta", name: "site", validUntil: nil, by: "alice")
        #expect(TokenSecret.isWellFormed(secret))
        #expect(token.tier == "beta")
        #expect(token.created == clock.date)
        #expect(token.validUntil == nil)
        #expect(try await decision(secret) == "accepted site (beta)")
        let stored = try await tokens.syncTokens()
        #expect(!String(decoding: try DocumentCoding.encode(stored), as: UTF8.self).contains(secret))
        let history = try await catalog.history(limit: 10, before: nil)
        #expect(history.map(\.action) == ["sync-tokens add beta site"])
        #expect(history.map(\.actor) == ["alice"])
        #expect(!"\(history)".contains(secret))
    }

    @Test func `a name is taken until it is revoked`() async throws {
        _ = try await add()
        await expectError(.alreadyExists, naming: ["site"]) { try await add() }
        _ = try await issuer.revoke("site", by: "alice")
        _ = try await add()
    }

    @Test func `a tier must exist`() async throws {
        await expectError(.tierUnknown, naming: ["nightly"]) {
            try await issuer.add(tier: "nightly", name: "site", validUntil: nil, by: "alice")
        }
    }

    @Test(arguments: ["", "a b", "-a", ".a", "a/b", "é", "\u{212a}", "a\n", String(repeating: "a", count: 101)])
    func `a name is plain text`(_ name: String) async throws {
        await expectError(.malformedValue, naming: ["'\(name)'"]) { try await add(name) }
        #expect(try await tokens.syncTokens().isEmpty)
    }

    @Test func `a token that would have expired already is refused`() async throws {
        clock.advance(by: .milliseconds(300))
        for duration in [0, -1, 0.5] {
            await expectError(.malformedValue, naming: ["'site'", "30d"]) { try await add(validFor: duration) }
        }
        _ = try await add(validFor: 1)
    }

    // MARK: Deciding

    @Test func `a token expires on the second`() async throws {
        let secret = try await add(validFor: 60)
        clock.advance(by: .milliseconds(59_999))
        #expect(try await decision(secret) == "accepted site (beta)")
        clock.advance(by: .milliseconds(1))
        #expect(try await decision(secret) == "expired site")
    }

    @Test func `a revoked token is refused at once, for that reason even when it has expired too`() async throws {
        let secret = try await add(validFor: 60)
        let revoked = try await issuer.revoke("site", by: "alice")
        #expect(revoked.revoked == clock.date)
        #expect(try await decision(secret) == "revoked site")
        clock.advance(by: .seconds(60))
        #expect(try await decision(secret) == "revoked site")
        await expectError(.notFound, naming: ["site"]) { try await issuer.revoke("site", by: "alice") }
    }

    @Test func `what is no secret, and one that nobody has, are told apart for the operator`() async throws {
        let secret = try await add()
        #expect(try await decision(nil) == "missing -")
        #expect(try await decision("") == "missing -")
        #expect(try await decision("hunter2") == "malformed -")
        #expect(try await decision(secret.uppercased()) == "malformed -")
        #expect(try await decision(" \(secret)") == "malformed -")
        #expect(try await decision("00000000-0000-4000-8000-000000000000") == "unknown -")
    }

    @Test func `the caller is told one thing, whatever the reason`() {
        #expect(TokenAuthority.refusal.code == .tokenRefused)
        for refusal in TokenAuthority.Refusal.allCases where ![.expired, .revoked].contains(refusal) {
            #expect(!TokenAuthority.refusal.description.contains(" \(refusal.rawValue)"))
        }
    }

    @Test func `a use is noted with who used it, a refusal is not`() async throws {
        let secret = try await add(validFor: 600)
        clock.advance(by: .seconds(120))
        _ = try await decision(secret, from: "site-7")
        var token = try #require(try await tokens.syncTokens().first)
        #expect(token.lastUsed == clock.date)
        #expect(token.lastDeployment == "site-7")
        let used = clock.date
        clock.advance(by: .seconds(600))
        _ = try await decision(secret, from: "thief")
        token = try #require(try await tokens.syncTokens().first)
        #expect(token.lastUsed == used)
        #expect(token.lastDeployment == "site-7")
    }

    // MARK: Rotation

    @Test func `after a rotation both secrets work until the overlap ends`() async throws {
        let old = try await add()
        let (token, new) = try await issuer.rotate("site", overlap: .seconds(3600), by: "bob")
        #expect(new != old)
        #expect(token.secrets.count == 2)
        clock.advance(by: .seconds(3599))
        #expect(try await decision(old) == "accepted site (beta)")
        #expect(try await decision(new) == "accepted site (beta)")
        clock.advance(by: .seconds(1))
        #expect(try await decision(old) == "rotated site")
        #expect(try await decision(new) == "accepted site (beta)")
        let record = try await catalog.history(limit: 1, before: nil).first
        #expect(record?.action == "sync-tokens rotate site --overlap 1h")
        #expect(record?.actor == "bob")
    }

    @Test(arguments: [.zero, .seconds(-60)] as [Duration])
    func `without an overlap the old secret ends at once`(overlap: Duration) async throws {
        let old = try await add()
        let (_, new) = try await issuer.rotate("site", overlap: overlap, by: "bob")
        #expect(try await decision(old) == "rotated site")
        #expect(try await decision(new) == "accepted site (beta)")
    }

    @Test func `a second rotation does not give the first secret more time`() async throws {
        let first = try await add()
        let second = try await issuer.rotate("site", overlap: .seconds(60), by: "bob").secret
        let third = try await issuer.rotate("site", overlap: .seconds(3600), by: "bob").secret
        clock.advance(by: .seconds(60))
        #expect(try await decision(first) == "rotated site")
        #expect(try await decision(second) == "accepted site (beta)")
        #expect(try await decision(third) == "accepted site (beta)")
        // A secret that has ended is forgotten by the next rotation.
        let token = try await issuer.rotate("site", overlap: .zero, by: "bob").token
        #expect(token.secrets.count == 3)
        #expect(try await decision(first) == "unknown -")
    }

    @Test func `an emergency rotation cuts the overlap of an earlier one short`() async throws {
        let first = try await add()
        _ = try await issuer.rotate("site", overlap: .seconds(3600), by: "bob")
        _ = try await issuer.rotate("site", overlap: .zero, by: "bob")
        #expect(try await decision(first) == "rotated site")
    }

    @Test func `rotation does not outlive the token`() async throws {
        let old = try await add(validFor: 60)
        let new = try await issuer.rotate("site", overlap: .seconds(3600), by: "bob").secret
        clock.advance(by: .seconds(60))
        #expect(try await decision(old) == "expired site")
        #expect(try await decision(new) == "expired site")
    }

    @Test func `what has expired, was revoked or never was cannot be rotated`() async throws {
        _ = try await add(validFor: 60)
        clock.advance(by: .seconds(60))
        await expectError(.malformedRequest, naming: ["'site'", "expired", "sync-tokens add"]) {
            try await issuer.rotate("site", overlap: .zero, by: "bob")
        }
        _ = try await issuer.revoke("site", by: "bob")
        await expectError(.notFound) { try await issuer.rotate("site", overlap: .zero, by: "bob") }
        await expectError(.notFound) { try await issuer.rotate("other", overlap: .zero, by: "bob") }
    }

    @Test func `every reason to refuse is met in these tests`() async throws {
        let secret = try await add("e", validFor: 1)
        let revoked = try await add("r")
        _ = try await issuer.revoke("r", by: "alice")
        let rotated = try await add("o")
        _ = try await issuer.rotate("o", overlap: .zero, by: "alice")
        clock.advance(by: .seconds(1))
        var met: Set<String> = []
        for secret in [nil, "x", "00000000-0000-4000-8000-000000000000", secret, revoked, rotated] {
            guard case .refused(let refusal, _) = try await authority.decide(secret, from: nil) else { continue }
            met.insert(refusal.rawValue)
        }
        #expect(met == Set(TokenAuthority.Refusal.allCases.map(\.rawValue)))
    }
}
