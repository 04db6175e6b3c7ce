import FoundationEssentials
import LivepatchHTTP
import LivepatchIdentity
import LivepatchKit
import LivepatchTesting
import Logging
import ScriptedServer
import SignedTokens
import Synchronization
import Testing

/// An identity provider: what it publishes, and how often it was asked.
private final class Provider: Sendable {
    struct State {
        var document: [UInt8] = []
        var fetches = 0
        var isAway = false
    }

    let state = Mutex(State())

    func publish(_ keys: [[String: String]]) throws {
        let document = try TokenKey.set(keys)
        state.withLock { $0.document = document }
    }

    var fetches: Int { state.withLock { $0.fetches } }

    func fetch() throws -> [UInt8] {
        try state.withLock { state in
            state.fetches += 1
            if state.isAway { throw LivepatchError(.serverUnreachable, "It is away.") }
            return state.document
        }
    }
}

@Suite("Bearer tokens of an identity provider") struct BearerIdentityTests {
    private static let issuer = "https://accounts.example.com"
    private static let audience = "livepatch"
    private let clock = ManualClock()
    private let provider = Provider()
    private let rsa: TokenKey
    private let elliptic = TokenKey.elliptic("ec-1")

    init() throws {
        rsa = try TokenKey.rsa("rsa-1")
        try provider.publish([rsa.jwk(), elliptic.jwk()])
    }

    private func identity(_ algorithms: Set<SignatureAlgorithm> = [.rs256, .es256]) -> BearerIdentity {
        let (clock, provider) = (clock, provider)
        let policy = TokenPolicy(
            issuer: Self.issuer, audience: Self.audience, algorithms: algorithms,
            roles: ["admin@example.com": .admin, "Monitoring@example.com": .read])
        return BearerIdentity(
            policy, fetch: { try provider.fetch() }, logger: Logger(label: "test"), now: { clock.date })
    }

    /// Claims that are good for an hour, with changes; `nil` removes one.
    private func claims(_ changes: [String: (any Sendable)?] = [:]) -> [String: any Sendable] {
        var claims: [String: any Sendable] = [
            "iss": Self.issuer, "aud": Self.audience, "exp": clock.date.timeIntervalSince1970 + 3600,
            "nbf": clock.date.timeIntervalSince1970, "email": "admin@example.com", "email_verified": true, "sub": "1234",
        ]
        for (name, value) in changes { claims[name] = value }
        return claims
    }

    private func refusal(_ decision: IdentityDecision) -> IdentityRefusal? {
        guard case .refused(let reason, _) = decision else { return nil }
        return reason
    }

    @Test func `tokens of both kinds of keys are accepted, with their owners' roles`() async throws {
        let identity = identity()
        for key in [rsa, elliptic] {
            let end = (clock.date.timeIntervalSince1970 + 3600).rounded()
            let decision = await identity.identify(try key.token(claims(["exp": end])))
            #expect(
                decision
                    == .accepted(user: "admin@example.com", role: .admin, expires: Date(timeIntervalSince1970: end)))
        }
        let other = await identity.identify(
            try rsa.token(
                claims(["email": "MONITORING@example.com", "aud": ["other", Self.audience], "email_verified": "true"])))
        guard case .accepted("monitoring@example.com", .read, _) = other else {
            Issue.record("\(other)")
            return
        }
        #expect(provider.fetches == 1)
    }

    @Test func `each claim is checked`() async throws {
        let identity = identity()
        let now = clock.date.timeIntervalSince1970
        let cases: [(IdentityRefusal, [String: (any Sendable)?])] = [
            (.issuer, ["iss": "https://accounts.example.com/"]), (.issuer, ["iss": nil]),
            (.audience, ["aud": "other"]), (.audience, ["aud": [] as [String]]), (.audience, ["aud": nil]),
            (.expired, ["exp": now - 60]), (.expired, ["exp": nil]), (.notYetValid, ["nbf": now + 61]),
            (.noEmail, ["email": nil]), (.noEmail, ["email": ""]), (.emailNotVerified, ["email_verified": false]),
            (.emailNotVerified, ["email_verified": nil]), (.emailNotVerified, ["email_verified": "yes"]),
            (.emailNotAllowed, ["email": "somebody@example.com"]),
            (.emailNotAllowed, ["email": "admin@example.com.evil.example"]),
            (.malformed, ["exp": "tomorrow"]),
        ]
        for (reason, changes) in cases {
            #expect(refusal(await identity.identify(try rsa.token(claims(changes)))) == reason, "\(changes)")
        }
        for changes: [String: (any Sendable)?] in [["exp": now - 59], ["nbf": now + 59], ["nbf": nil]] {
            #expect(refusal(await identity.identify(try rsa.token(claims(changes)))) == nil, "a minute's leeway: \(changes)")
        }
    }

    @Test func `a token is signed as its key is meant to, or not believed`() async throws {
        let identity = identity()
        let good = claims()
        let unsigned = try TokenKey.unsigned(good, header: ["alg": "none", "kid": "rsa-1"])
        let parts = try rsa.token(good).split(separator: ".").map(String.init)
        let forged = try TokenKey.unsigned(claims(["email": "monitoring@example.com"]), header: ["alg": "RS256", "kid": "rsa-1"])
        let stranger = try TokenKey.rsa("rsa-1")
        let cases: [(IdentityRefusal, String)] = [
            (.algorithm, "\(unsigned)."), (.algorithm, try rsa.token(good, header: ["alg": "none"])),
            (.algorithm, try TokenKey.token(good, secret: rsa.pem, header: ["kid": "rsa-1"])),
            (.algorithm, try TokenKey.token(good, secret: TokenKey.text(Array(rsa.pem.utf8)), header: ["kid": "rsa-1"])),
            (.algorithm, try rsa.token(good, header: ["alg": "rs256"])),
            (.algorithm, try rsa.token(good, header: ["alg": "RS512"])),
            (.algorithm, try rsa.token(good, header: ["alg": "ES256"])),
            (.algorithm, try elliptic.token(good, header: ["alg": "RS256"])),
            (.signature, "\(forged).\(parts[2])"), (.signature, "\(parts[0]).\(parts[1])."),
            (.signature, try stranger.token(good)), (.signature, try TokenKey.elliptic("ec-1").token(good)),
            (.unknownKey, try TokenKey.rsa("rsa-2").token(good)), (.unknownKey, try rsa.token(good, header: ["kid": ""])),
        ]
        for (reason, token) in cases { #expect(refusal(await identity.identify(token)) == reason, "\(token)") }
    }

    @Test func `what is no token is none`() async throws {
        let identity = identity()
        let token = try rsa.token(claims())
        for text in [
            "", ".", "..", "a.b.c", "\(token).x", "\(token)=", token.replacing(".", with: ".."), "{}.{}.{}",
            String(repeating: "a.b.c", count: 9000),
        ] {
            #expect(refusal(await identity.identify(text)) == .malformed)
        }
        #expect(provider.fetches == 0, "none of these asks the provider for anything")
    }

    @Test func `algorithms that are not allowed here are refused, good as the signature may be`() async throws {
        let identity = identity([.rs256])
        #expect(refusal(await identity.identify(try elliptic.token(claims()))) == .algorithm)
        #expect(provider.fetches == 0)
        #expect(refusal(await identity.identify(try rsa.token(claims()))) == nil)
    }

    @Test func `after the provider has begun to use another key, the first token of it brings the key`() async throws {
        let identity = identity()
        #expect(refusal(await identity.identify(try rsa.token(claims()))) == nil)
        let next = try TokenKey.rsa("rsa-2")
        try provider.publish([next.jwk()])
        clock.advance(by: .seconds(31))
        #expect(refusal(await identity.identify(try next.token(claims()))) == nil)
        #expect(refusal(await identity.identify(try rsa.token(claims()))) == .unknownKey, "the old one is gone")
        #expect(provider.fetches == 2)
    }

    @Test func `tokens with unknown keys bring about a fetch each half minute, however many there are`() async throws {
        let identity = identity()
        let stranger = TokenKey.elliptic("stranger")
        let token = try stranger.token(claims())
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<50 { group.addTask { _ = await identity.identify(token) } }
        }
        #expect(provider.fetches == 1)
        clock.advance(by: .seconds(29))
        _ = await identity.identify(token)
        #expect(provider.fetches == 1)
        clock.advance(by: .seconds(1))
        _ = await identity.identify(token)
        #expect(provider.fetches == 2)
        #expect(refusal(await identity.identify(try rsa.token(claims()))) == nil)
    }

    @Test func `keys that cannot be fetched leave those that there are, and are told`() async throws {
        let identity = identity()
        #expect(await identity.fault() == "the keys have not been fetched yet")
        await identity.refresh()
        #expect(await identity.fault() == nil)
        provider.state.withLock { $0.isAway = true }
        await identity.refresh()
        #expect(await identity.fault()?.hasPrefix("the keys cannot be fetched: server-unreachable (since ") == true)
        #expect(refusal(await identity.identify(try rsa.token(claims()))) == nil)
        provider.state.withLock {
            $0.isAway = false
            $0.document = Array("<html>".utf8)
        }
        await identity.refresh()
        #expect(await identity.fault()?.contains("malformed-value") == true)
        #expect(refusal(await identity.identify(try rsa.token(claims()))) == nil)
        try provider.publish([rsa.jwk()])
        await identity.refresh()
        #expect(await identity.fault() == nil)
    }

    @Test func `keys that cannot be used are passed over, and one weak or meant for something else is not used`() async throws {
        let weak = try TokenKey.rsa("weak", bits: 1024)
        let encrypting = TokenKey.elliptic("enc")
        let bound = TokenKey.elliptic("bound")
        try provider.publish([
            ["kty": "oct", "kid": "rsa-1", "k": "c2VjcmV0"], ["kty": "new", "kid": "x"], ["kid": "nothing"],
            weak.jwk(), encrypting.jwk(["use": "enc"]), bound.jwk(["alg": "ES384"]), rsa.jwk(["alg": "RS256", "use": "sig"]),
            elliptic.jwk(),
        ])
        let identity = identity()
        #expect(refusal(await identity.identify(try weak.token(claims()))) == .unknownKey)
        #expect(refusal(await identity.identify(try encrypting.token(claims()))) == .unknownKey)
        #expect(refusal(await identity.identify(try bound.token(claims()))) == .algorithm)
        #expect(refusal(await identity.identify(try rsa.token(claims()))) == nil)
        #expect(refusal(await identity.identify(try elliptic.token(claims()))) == nil)
        #expect(throws: LivepatchError.self) { try KeySet(json: TokenKey.set([])) }
        #expect(throws: LivepatchError.self) { try KeySet(json: TokenKey.set([weak.jwk()])) }
    }

    @Test func `a token without a key's id is checked with the only key that there is`() async throws {
        try provider.publish([rsa.jwk(["kid": "whatever"])])
        #expect(refusal(await identity().identify(try rsa.token(claims(), header: ["kid": ""]))) == nil)
    }
}

@Suite("Fetching an identity provider's keys") struct KeySetClientTests {
    private func fetch(_ script: @escaping ScriptedServer.Script) async throws -> Result<[UInt8], any Error> {
        let server = try await ScriptedServer.start(script)
        let client = KeySetClient(try #require(URL(string: "\(server.url)/keys?v=1")))
        let result: Result<[UInt8], any Error>
        do { result = .success(try await client.fetch()) } catch { result = .failure(error) }
        await client.close()
        await server.stop()
        return result
    }

    @Test func `the document comes as it is published`() async throws {
        let key = TokenKey.elliptic("ec-1")
        let document = try TokenKey.set([key.jwk()])
        let fetched = try await fetch { request in
            #expect(request.path == "/keys?v=1" || request.path == "/keys")
            return .content(document, for: request)
        }
        #expect(try KeySet(json: fetched.get()).count == 1)
    }

    @Test func `an error, a redirect and too much are refused, naming the URL`() async throws {
        for script: ScriptedServer.Script in [
            { _ in .status(500) }, { _ in .status(302) },
            { request in .content([UInt8](repeating: 32, count: 2 << 20), for: request) },
        ] {
            let result = try await fetch(script)
            let error = #expect(throws: LivepatchError.self) { try result.get() }
            #expect(error?.code == .serverUnreachable)
            #expect(error?.message.contains("/keys?v=1") == true)
        }
    }
}
