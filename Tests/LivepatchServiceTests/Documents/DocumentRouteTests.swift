import LivepatchTesting
import NIOCore
import Foundation
import HTTPTypes
import HummingbirdTesting
import LivepatchAPI
import LivepatchKit
import Testing

@testable import LivepatchService

@Suite("The documents of a view")
struct DocumentRouteTests {
    private func scene() async throws -> ServerUnderTest {
        let server = try await ServerUnderTest()
        try await server.add("livepatch-5.15.0-107.117-generic-107.1-amd64.tar.bz2", upTo: "stable")
        try await server.add("livepatch-5.15.0-107.117-generic-108.1-amd64.tar.bz2", Array("new".utf8))
        return server
    }

    @Test(arguments: Wire.allCases)
    func `what the head announces is what is sent, bound by digest`(_ wire: Wire) async throws {
        let server = try await scene()
        let secret = try await server.secret("edge")
        try await server.test(wire) { client in
            let answer = try await client.send(.get, Paths.syncHead, token: secret)
            let head = try answer.decoded(Head.self)
            #expect(head.tier.rawValue == "edge")
            let tiers = try await client.send(.get, Paths.syncTiers, token: secret)
            #expect(SHA256Digest(of: tiers.bytes) == head.tiers.digest)
            let revocations = try await client.send(.get, Paths.syncRevocations, token: secret)
            #expect(SHA256Digest(of: revocations.bytes) == head.revocations.digest)
            for entry in try tiers.decoded(TierListDocument.self).tiers {
                let tier = try await client.send(.get, Paths.syncDocument(.tier(entry.name)), token: secret)
                #expect(SHA256Digest(of: tier.bytes) == entry.document.digest)
                for version in try tier.decoded(TierDocument.self).versions {
                    let document = try await client.send(.get, Paths.syncDocument(.version(version.version)), token: secret)
                    #expect(SHA256Digest(of: document.bytes) == version.document.digest)
                }
            }
        }
    }

    @Test(arguments: Wire.allCases)
    func `what has not changed is not sent again`(_ wire: Wire) async throws {
        let server = try await scene()
        let secret = try await server.secret("edge")
        try await server.test(wire) { client in
            for path in [
                Paths.syncHead, Paths.syncTiers, Paths.syncRevocations, "/v1/sync/tiers/stable", "/v1/sync/versions/107.1",
            ] {
                let first = try await client.send(.get, path, token: secret)
                #expect(first.status == .ok)
                let tag = try #require(first.headers[.eTag])
                #expect(tag == "\"\(SHA256Digest(of: first.bytes))\"")
                let again = try await client.send(.get, path, token: secret, headers: [.ifNoneMatch: tag])
                #expect(again.status == .notModified)
                #expect(again.body.readableBytes == 0)
                #expect(again.headers[.eTag] == tag)
                #expect(try await client.send(.get, path, token: secret, headers: [.ifNoneMatch: "\"x\""]).status == .ok)
            }
            let tag = try await client.send(.get, Paths.syncHead, token: secret).headers[.eTag]
            try await server.add("livepatch-5.15.0-107.117-generic-109.1-amd64.tar.bz2", Array("newer".utf8))
            let changed = try await client.send(.get, Paths.syncHead, token: secret, headers: [.ifNoneMatch: tag ?? ""])
            #expect(changed.status == .ok)
        }
    }

    @Test(arguments: Wire.allCases)
    func `a later tier's token sees neither earlier tiers nor their versions, nor that they exist`(_ wire: Wire) async throws {
        let server = try await scene()
        let secret = try await server.secret("stable")
        try await server.test(wire) { client in
            #expect(try await client.send(.get, "/v1/sync/versions/107.1", token: secret).status == .ok)
            let hidden = [
                "/v1/sync/versions/108.1", "/v1/sync/versions/999.9", "/v1/sync/versions/nonsense", "/v1/sync/tiers/edge",
                "/v1/sync/tiers/never", "/v1/sync/tiers/NOT%20A%20TIER", "/v1/sync/tiers/%zz",
            ]
            var answers: Set<String> = []
            for path in hidden { answers.insert(try await client.send(.get, path, token: secret).fingerprint) }
            #expect(answers.count == 1)
            #expect(answers.first?.hasPrefix("404") == true)
        }
    }

    @Test func `a head is sent from memory for a second, and not once the view has changed`() async throws {
        let server = try await scene().heated()
        let secret = try await server.secret("edge")
        let version = try PatchVersion(parsing: "108.1")
        try await RawClient.serving(server) { port, hot in
            let hot = try #require(hot)
            try await TestClient.withClient(host: "127.0.0.1", port: port) { client in
                func head(isHot: Bool) async throws -> ByteBuffer? {
                    let before = hot.count
                    let answer = try await client.get(Paths.syncHead, headers: [.authorization: "Bearer \(secret)"])
                    #expect(answer.status == .ok)
                    #expect(hot.count == before + (isHot ? 1 : 0))
                    return answer.body
                }
                let first = try await head(isHot: false)
                #expect(try await head(isHot: true) == first)
                _ = try await server.parts.administration.carryOut(.block(version: version, reason: "bad"), by: "test")
                let blocked = try await head(isHot: false)
                #expect(blocked != first)
                #expect(try await head(isHot: true) == blocked)
                server.clock.pass(1)
                #expect(try await head(isHot: false) == blocked)
                #expect(try await head(isHot: true) == blocked)
                server.clock.pass(-10)
                #expect(try await head(isHot: false) == blocked)
                try await server.parts.tokenIssuer.revoke("token-edge", by: "test")
                let refused = try await client.get(Paths.syncHead, headers: [.authorization: "Bearer \(secret)"])
                #expect(refused.status == .unauthorized)
            }
        }
    }
}
