import Foundation
import HTTPTypes
import HummingbirdTesting
import LivepatchAPI
import LivepatchKit
import LivepatchTesting
import Synchronization
import Testing

@testable import LivepatchService

/// Knows the tokens that it was told, and counts what it is asked.
private final class KnownTokens: IdentityProvider {
    let decisions: [String: IdentityDecision]
    let asked = Mutex(0)
    let trouble = Mutex<String?>(nil)
    let refreshes = Mutex(0)

    init(_ decisions: [String: IdentityDecision]) { self.decisions = decisions }

    func identify(_ bearer: String) async -> IdentityDecision {
        asked.withLock { $0 += 1 }
        return decisions[bearer] ?? .refused(.signature, user: nil)
    }

    func refresh() async { refreshes.withLock { $0 += 1 } }
    func fault() async -> String? { trouble.withLock { $0 } }
}

@Suite("Administrators whom somebody else vouches for") struct IdentityTests {
    private func server(_ provider: KnownTokens) async throws -> ServerUnderTest {
        var server = try await ServerUnderTest()
        server.parts.identity = provider
        return server
    }

    private let expires = Date(timeIntervalSince1970: 1_760_000_000)

    @Test func `a token opens what its owner's role allows, as an administrator's session does`() async throws {
        let provider = KnownTokens(["a.b.c": .accepted(user: "ci@example.com", role: .operate, expires: expires)])
        let server = try await server(provider)
        let file = try await server.add("livepatch-5.15.0-107.117-generic-107.1-amd64.tar.bz2")
        try await server.application.test(.router) { client in
            let session = try await client.send(.get, Paths.session, token: "a.b.c")
            #expect(
                try session.decoded(SessionBody.self) == SessionBody(user: "ci@example.com", role: .operate, expires: expires))
            #expect(try await client.send(.get, Paths.patchFile(file.name), token: "a.b.c").status == .ok)
            let promotion = TierCommand.promote(version: file.name.version, tier: Shorthand.stable)
            #expect(
                try await client.post(Paths.changes, ChangeRequestBody(command: promotion, dryRun: false), token: "a.b.c").status
                    == .ok)
            #expect(try await server.catalog.history(limit: 1, before: nil).first?.actor == "ci@example.com")
            let tokens = try await client.send(.post, Paths.syncTokens, token: "a.b.c")
            #expect(tokens.problem?.code == "role-insufficient")
            #expect(try await client.send(.post, Paths.logout, token: "a.b.c").status == .noContent)
            #expect(try await client.send(.get, Paths.session, token: "a.b.c").status == .ok, "it is not ours to end")
            #expect(
                try await client.send(.get, Paths.sessions, token: "a.b.c").decoded(AdminSessionsBody.self).sessions.isEmpty)
        }
        #expect(server.log.lines.count { $0.contains("jwt_authn_ok") } == 1)
        #expect(!server.log.lines.contains { $0.contains("a.b.c") })
    }

    @Test func `whatever is wrong with a token, the answer is the same, and the security log has the reason`() async throws {
        let reasons = IdentityRefusal.allCases
        let provider = KnownTokens(
            Dictionary(uniqueKeysWithValues: reasons.enumerated().map { ("\($0.offset).b.c", .refused($0.element, user: nil)) }))
        let server = try await server(provider)
        let none = try await ServerUnderTest()
        let expected = try await none.application.test(.router) {
            try await $0.send(.get, Paths.tiers, token: "unknown").fingerprint
        }
        try await server.application.test(.router) { client in
            for index in reasons.indices {
                let refused = try await client.send(.get, Paths.tiers, token: "\(index).b.c")
                #expect(refused.fingerprint == expected)
            }
        }
        for reason in reasons { #expect(server.log.lines.contains { $0.contains("jwt_authn_failed:\(reason.rawValue)") }) }
    }

    @Test func `only what could be a token of its kind is shown to it, and never a session`() async throws {
        let provider = KnownTokens([:])
        let server = try await server(provider)
        let session = try await server.session()
        try await server.application.test(.router) { client in
            let own = try await client.send(.get, Paths.session, token: session)
            #expect(own.status == .ok)
            for token in ["", "a.b", "a.b.c.d"] {
                let refused = try await client.send(.get, Paths.session, token: token)
                #expect(refused.problem?.code == "login-required")
            }
        }
        #expect(provider.asked.withLock { $0 } == 0)
    }

    @Test func `the server's status says how it is`() async throws {
        let provider = KnownTokens([:])
        let server = try await server(provider)
        try await server.application.test(.router) { client in
            func status() async throws -> String? {
                let response = try await client.send(.get, Paths.debugStatus)
                #expect(response.status == .ok, "passwords are accepted all the same")
                return try response.decoded(ServerStatusBody.self)["identity-provider"]?.status
            }
            let good = try await status()
            #expect(good == "OK")
            provider.trouble.withLock { $0 = "the keys cannot be fetched: server-unreachable" }
            let bad = try await status()
            #expect(bad == "the keys cannot be fetched: server-unreachable")
        }
    }

    @Test func `its keys are fetched at once, in time, and sooner after a failure`() async throws {
        let provider = KnownTokens([:])
        let pauses = Mutex<[Duration]>([])
        let service = IdentityRefreshService(provider, interval: .seconds(3600)) { pause in
            let count = pauses.withLock {
                $0.append(pause)
                return $0.count
            }
            if count == 1 { provider.trouble.withLock { $0 = "away" } }
            if count == 3 { throw CancellationError() }
        }
        try await service.run()
        #expect(pauses.withLock { $0 } == [.seconds(3600), .seconds(60), .seconds(60)])
        #expect(provider.refreshes.withLock { $0 } == 3)
    }
}
