import HTTPTypes
import HummingbirdTesting
import LivepatchAPI
import LivepatchKit
import LivepatchTesting
import Testing

@testable import LivepatchService

@Suite("What is signed and trusted, over the wire")
struct TrustRouteTests {
    @Test func `only administrators are told`() async throws {
        let server = try await ServerUnderTest()
        let session = try await server.session()
        let secret = try await server.secret("edge")
        try await server.application.test(.router) { client in
            let status = try await client.send(.get, Paths.trust, token: session).decoded(TrustStatus.self)
            #expect(status.deployment == server.parts.deployment && status.repositories.isEmpty && status.pins.isEmpty)
            #expect(try await client.send(.get, Paths.trust, token: secret).status == .unauthorized)
            #expect(try await client.send(.get, Paths.trust).status == .unauthorized)
        }
    }

    @Test func `a new token comes with the roots to trust, a rotated one without`() async throws {
        var server = try await ServerUnderTest()
        let root = Array("root".utf8)
        var publisher = HandedMetadata(plain: server.parts.publisher)
        let reference = DocumentReference(length: 1, digest: SHA256Digest(of: [1]))
        publisher.metadata = HeadMetadata(
            origins: [.init(deployment: Shorthand.deployment, timestamp: reference)], tierOwner: server.parts.deployment,
            views: [.init(tier: Shorthand.edge, timestamp: reference)])
        publisher.files[MetadataFile("1.root.json", of: .origin(Shorthand.deployment))] = ([Shorthand.edge], root)
        publisher.files[MetadataFile("1.root.json", of: .view(Shorthand.edge))] = ([Shorthand.edge], Array("old".utf8))
        publisher.files[MetadataFile("2.root.json", of: .view(Shorthand.edge))] = ([Shorthand.edge], Array("new".utf8))
        server.show(publisher)
        let session = try await server.session()
        let body = SyncTokenRequestBody(tier: Shorthand.stable, name: "site", validUntil: nil)
        let owner = server.parts.deployment
        try await server.application.test(.router) { client in
            let issued = try await client.post(Paths.syncTokens, body, token: session).decoded(IssuedSyncTokenBody.self)
            #expect(
                issued.trustedRoots == [
                    TrustedRoot(kind: .origin, signer: Shorthand.deployment, version: 1, fingerprint: SHA256Digest(of: root)),
                    TrustedRoot(kind: .tiers, signer: owner, version: 2, fingerprint: SHA256Digest(of: Array("new".utf8))),
                ])
            let rotation = SyncTokenRotateBody(overlapSeconds: 0)
            let rotated = try await client.post(Paths.syncTokenRotate("site"), rotation, token: session)
            #expect(try rotated.decoded(IssuedSyncTokenBody.self).trustedRoots == nil)
        }
    }

    @Test func `where the roots cannot be read, no token is issued whose secret would be lost`() async throws {
        var server = try await ServerUnderTest()
        server.show(BrokenPublisher())
        let session = try await server.session()
        let body = SyncTokenRequestBody(tier: Shorthand.edge, name: "site", validUntil: nil)
        try await server.application.test(.router) { client in
            let answer = try await client.post(Paths.syncTokens, body, token: session)
            #expect(answer.problem?.code == "trust-unavailable")
        }
        #expect(try await server.tokens.syncTokens().isEmpty)
    }
}

/// A publisher whose keys are gone.
struct BrokenPublisher: DocumentPublisher {
    private static let error = LivepatchError(.trustUnavailable, "The key 'origin-online' is gone.")

    func head(for tier: TierName) async throws -> PublishedDocument { throw Self.error }
    func document(_ name: DocumentName, for tier: TierName) async throws -> PublishedDocument? { throw Self.error }
    func metadata(_ file: MetadataFile, for tier: TierName) async throws -> [UInt8]? { throw Self.error }
}
