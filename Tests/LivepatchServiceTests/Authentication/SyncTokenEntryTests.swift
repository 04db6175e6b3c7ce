import LivepatchTesting
import NIOCore
import HTTPTypes
import Foundation
import HummingbirdTesting
import LivepatchAPI
import LivepatchKit
import Testing

@testable import LivepatchService

@Suite("Sync tokens at the door")
struct SyncTokenEntryTests {
    @Test func `refusals are told apart in the log and by nobody else`() async throws {
        let server = try await ServerUnderTest()
        let expired = try await server.secret("edge", name: "expired", validUntil: server.clock.now.addingTimeInterval(10))
        let revoked = try await server.secret("edge", name: "revoked")
        let rotated = try await server.secret("edge", name: "rotated")
        try await server.issuer.revoke("revoked", by: "test")
        _ = try await server.issuer.rotate("rotated", overlap: .seconds(5), by: "test")
        server.clock.pass(60)
        let secrets: [(String?, String)] = [
            (nil, "missing"), ("", "missing"), ("nonsense", "malformed"), ("ffffffff-ffff-4fff-8fff-ffffffffffff", "unknown"),
            (expired, "expired"), (revoked, "revoked"), (rotated, "rotated"),
        ]
        try await server.application.test(.router) { client in
            for path in [Paths.syncHead, Paths.syncTiers, "/v1/sync/tiers/edge", "/v1/sync/versions/1.1", "/v1/patches/x"] {
                var answers: Set<String> = []
                for (secret, reason) in secrets {
                    let before = server.log.lines.count
                    let response = try await client.send(.get, path, token: secret)
                    #expect(response.status == .unauthorized)
                    answers.insert(response.fingerprint)
                    let lines = server.log.lines.dropFirst(before).filter { $0.contains("\"security\"") }
                    #expect(lines.count == 1)
                    #expect(lines.first?.contains("synctoken_authn_failed:\(reason)") == true, "\(path) \(reason)")
                }
                #expect(answers.count == 1, "\(path): \(answers)")
            }
        }
        for secret in [expired, revoked, rotated] { #expect(!server.log.lines.contains { $0.contains(secret) }) }
    }

    @Test func `an accepted token is told once a minute, with the deployment that uses it`() async throws {
        let server = try await ServerUnderTest()
        let secret = try await server.secret("edge")
        try await server.application.test(.router) { client in
            let field = try #require(HTTPField.Name(HeaderNames.deployment))
            for _ in 0..<5 { _ = try await client.send(.get, Paths.syncHead, token: secret, headers: [field: "site-7"]) }
        }
        let lines = server.log.lines.filter { $0.contains("synctoken_authn_ok") }
        #expect(lines.count == 1)
        #expect(lines.first?.contains("token-edge") == true)
        #expect(lines.first?.contains("site-7") == true)
        let token = try #require(try await server.tokens.syncTokens().first)
        #expect(token.lastDeployment?.description == "site-7")
        #expect(!server.log.lines.contains { $0.contains(secret) })
    }

    @Test func `a sync token opens nothing of administration, and a session no documents`() async throws {
        let server = try await ServerUnderTest()
        let secret = try await server.secret("edge")
        let session = try await server.session()
        try await server.application.test(.router) { client in
            for path in [Paths.tiers, Paths.changes, Paths.syncTokens, Paths.sync, Paths.storagePatches, Paths.patches] {
                let response = try await client.send(.get, path, token: secret)
                #expect(response.status == .unauthorized)
                #expect(response.problem?.code == "login-required")
            }
            #expect(try await client.send(.get, Paths.syncHead, token: session).problem?.code == "token-refused")
        }
    }
}
