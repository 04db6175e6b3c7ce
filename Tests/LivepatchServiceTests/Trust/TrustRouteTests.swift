import FoundationEssentials
import HTTPTypes
import HummingbirdTesting
import LivepatchAPI
import LivepatchKit
import LivepatchTesting
import TUF
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

    @Test func `a root that is signed elsewhere is prepared and published by administrators, and recorded`() async throws {
        let server = try await ServerUnderTest()
        let session = try await server.session()
        let secret = try await server.secret("edge")
        let holder = try SigningKey.generateEd25519()
        let time = server.clock.now
        try await server.application.test(.router) { client in
            for kind in TrustedRoot.Kind.allCases {
                let path = Paths.trustRoot(kind)
                #expect(try await client.send(.get, path, token: secret).status == .unauthorized)
                #expect(try await client.post(path, RootBody(document: "{}"), token: secret).status == .unauthorized)
                let basis = try await client.send(.get, path, token: session).decoded(RootBasis.self)
                #expect(basis.kind == kind && basis.signer == server.parts.deployment)
                var root = try RootProposal(
                    after: basis, rootKeys: [try TrustPublicKey(of: holder)], threshold: 1, expires: time + 86_400 * 100)
                func publish(_ root: RootProposal) async throws -> TestResponse {
                    let document = String(decoding: root.document, as: UTF8.self)
                    return try await client.post(path, RootBody(document: document), token: session)
                }
                let refused = try await publish(root)
                #expect(refused.status.code == 422 && refused.problem?.code == "root-refused", "\(refused.text)")
                _ = try await root.sign(with: holder)
                let published = try await publish(root).decoded(TrustedRoot.self)
                #expect(published.kind == kind && published.version == 2)
                let record = try await server.catalog.history(limit: 1, before: nil).first
                #expect(record?.actor == ServerUnderTest.user)
                #expect(record?.action == "trust publish \(kind.rawValue) root 2 \(published.fingerprint)")
                let again = try await publish(root)
                #expect(again.problem?.code == "root-refused", "\(again.text)")
            }
            let elsewhere = try await client.send(.get, "\(Paths.trust)/roots/moon", token: session)
            #expect(elsewhere.problem?.code == "not-found")
            let empty = try await client.send(.post, Paths.trustRoot(.origin), token: session, body: Array("{}".utf8))
            #expect(empty.problem?.code == "malformed-request")
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
