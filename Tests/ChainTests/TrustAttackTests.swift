import FoundationEssentials
import LivepatchKit
import LivepatchTesting
import TUF
import Testing

/// Somebody stands between an origin and a site that has synced from it, and does what the specification of TUF names.
@Suite("Attacks on a verified chain")
struct TrustAttackTests {
    private let time = SettableTime(Date(timeIntervalSince1970: 1_893_456_000))

    private struct Scene {
        let origin: InProcessServer
        let site: InProcessServer
        let middle: ManInTheMiddle

        /// Syncs through the one in the middle; what is offered must be as before.
        func expectRefusal(
            _ code: LivepatchError.Code, naming words: [String] = [], mirrorsTiers: Bool = false,
            sourceLocation: SourceLocation = #_sourceLocation
        ) async throws {
            let before = try await site.offers().map(\.versions)
            let revision = try await site.catalog.revision()
            let request = SyncRequest(deployment: site.deployment, mirrorsTiers: mirrorsTiers)
            let report = await site.sync(from: middle, request: request)
            #expect(report.result == .failed, sourceLocation: sourceLocation)
            #expect(report.failures.map(\.code) == [code.rawValue], "\(report.failures)", sourceLocation: sourceLocation)
            for word in words {
                #expect(
                    report.failures.first?.message.contains(word) == true, "\(report.failures)", sourceLocation: sourceLocation)
            }
            #expect(try await site.offers().map(\.versions) == before, sourceLocation: sourceLocation)
            #expect(try await site.catalog.revision() == revision, sourceLocation: sourceLocation)
        }
    }

    private func scene() async throws -> Scene {
        let origin = try await InProcessServer(id: "origin", now: time.now)
        let site = try await InProcessServer(id: "site", now: time.now)
        try await origin.release("107.1", length: 1000)
        try await origin.promote("107.1", "beta")
        let middle = ManInTheMiddle(origin.upstream(secret: try await origin.issue("edge", "site"), for: site.deployment))
        #expect(await site.sync(from: middle).result == .complete)
        time.advance(by: 60)
        return Scene(origin: origin, site: site, middle: middle)
    }

    @Test("Arbitrary installation: a patch that the origin did not release is refused, and nothing else suffers")
    func arbitraryPatch() async throws {
        let origin = try await InProcessServer(id: "origin", now: time.now)
        let relay = try await InProcessServer(id: "relay", now: time.now)
        let site = try await InProcessServer(id: "site", now: time.now)
        let secrets = (try await origin.issue("edge", "relay"), try await relay.issue("edge", "site"))
        try await origin.release("107.1", length: 1000)
        await relay.sync(from: origin, secret: secrets.0)
        await site.sync(from: relay, secret: secrets.1)
        // Whoever has the relay has all of its keys.
        try await relay.release("666.1", length: 1000)
        try await origin.release("108.1", length: 1000)
        await relay.sync(from: origin, secret: secrets.0)
        let report = await site.sync(from: relay, secret: secrets.1)
        #expect(report.result == .partial)
        #expect(Set(report.failures.map(\.code)) == ["upstream-untrusted"])
        #expect(report.failures.contains { $0.message.contains("patch 666.1") })
        #expect(report.failures.contains { $0.message.contains("patch-sync.trusted-roots") })
        #expect(try await site.offer("edge") == ["107.1", "108.1"])
        #expect(try await site.catalog.version(version("666.1")) == nil)
    }

    @Test(
        "A changed byte in any document is refused",
        arguments: ["timestamp.json", "snapshot.json", "targets.json", "revocations.json", "tier-edge.json"])
    func flippedByte(_ name: String) async throws {
        let scene = try await scene()
        try await scene.origin.release("108.1", length: 1000)
        try await scene.origin.administer(.block(version: version("107.1"), reason: "it oopses"))
        scene.middle.changeMetadata { file, bytes in
            guard file.name.hasSuffix(name), var bytes else { return bytes }
            bytes[bytes.count / 2] ^= 1
            return bytes
        }
        let report = await scene.site.sync(from: scene.middle)
        #expect(report.result == .failed)
        #expect(report.failures.map(\.code) == ["upstream-untrusted"])
        #expect(report.failures.first?.message.contains("the middle") == true)
        #expect(try await scene.site.catalog.version(version("108.1")) == nil)
    }

    @Test("A changed byte in a patch's document refuses that patch alone")
    func flippedPatch() async throws {
        let scene = try await scene()
        for release in ["108.1", "109.1"] { try await scene.origin.release(release, length: 1000) }
        scene.middle.changeMetadata { file, bytes in
            guard file.name.hasSuffix("patch-108.1.json"), var bytes else { return bytes }
            bytes[bytes.count / 2] ^= 1
            return bytes
        }
        let report = await scene.site.sync(from: scene.middle)
        #expect(report.result == .partial && report.failures.map(\.code) == ["upstream-untrusted"])
        #expect(try await scene.site.offer("edge") == ["107.1", "109.1"])
        scene.middle.changeMetadata { $1 }
        #expect(await scene.site.sync(from: scene.middle).failures == [])
        #expect(try await scene.site.offer("edge") == ["107.1", "108.1", "109.1"])
    }

    @Test("Rollback: a tier that is shown again as it was before is refused", arguments: [false, true])
    func replay(_ mirrors: Bool) async throws {
        let scene = try await scene()
        let request = SyncRequest(deployment: scene.site.deployment, mirrorsTiers: mirrors)
        await scene.site.sync(from: scene.middle, request: request)
        scene.middle.freeze()
        time.advance(by: 60)
        try await scene.origin.administer(.withdraw(version: version("107.1"), tier: tier("beta")))
        try await scene.origin.release("108.1", length: 1000)
        let secret = try await scene.origin.issue("edge", "direct")
        await scene.site.sync(from: scene.origin, secret: secret, request: request)
        #expect(try await scene.site.offer("edge") == ["107.1", "108.1"])
        try await scene.expectRefusal(.upstreamUntrusted, naming: ["went back", "backup"], mirrorsTiers: mirrors)
    }

    @Test("Freeze: a revocation that is withheld is noticed when the last proof of freshness expires")
    func withheldRevocation() async throws {
        let scene = try await scene()
        scene.middle.freeze()
        try await scene.origin.administer(.block(version: version("107.1"), reason: "it oopses"))
        #expect(await scene.site.sync(from: scene.middle).result == .unchanged)
        time.advance(by: 86_400)
        // It goes on serving what it has, and says how old that is.
        try await scene.expectRefusal(.upstreamStale, naming: ["expired at", "served on", "origin"])
        #expect(try await scene.site.offer("edge") == ["107.1"])
        scene.middle.thaw()
        #expect(await scene.site.sync(from: scene.middle).result == .complete)
        #expect(try await scene.site.offer("edge").isEmpty)
    }

    @Test("A revocation that only the unsigned documents leave out holds all the same")
    func strippedRevocation() async throws {
        let scene = try await scene()
        let none = try DocumentCoding.encode(RevocationsDocument(blocks: []))
        try await scene.origin.administer(.block(version: version("107.1"), reason: "it oopses"))
        scene.middle.changeDocument { name, bytes in name == .revocations ? none : bytes }
        scene.middle.changeHead { head in
            Head(
                route: head.route, tier: head.tier, filters: head.filters, revocations: DocumentReference(of: none),
                tiers: head.tiers, metadata: head.metadata)
        }
        #expect(await scene.site.sync(from: scene.middle).failures == [])
        #expect(try await scene.site.offer("edge").isEmpty)
    }

    @Test("A view of another tier passed off as the token's is refused, though its signatures are right")
    func otherView() async throws {
        let scene = try await scene()
        try await scene.origin.release("108.1", length: 1000)
        let edge = try tier("edge")
        let beta = try tier("beta")
        let publisher = scene.origin.publisher
        let head = try DocumentCoding.decode(Head.self, from: try await publisher.head(for: edge).bytes)
        let stamp = try #require(head.metadata?.views.first { $0.tier == beta }?.timestamp)
        var files: [String: [UInt8]] = [:]
        for name in try await scene.origin.trust.files(of: .view(beta)).names() {
            files[name] = try await publisher.metadata(MetadataFile(name, of: .view(beta)), for: edge)
        }
        scene.middle.changeHead { [files] head in
            _ = files
            return head.replacing(
                head.metadata.map { metadata in
                    HeadMetadata(
                        origins: metadata.origins, tierOwner: metadata.tierOwner,
                        views: metadata.views.map { $0.tier == edge ? .init(tier: edge, timestamp: stamp) : $0 })
                })
        }
        scene.middle.changeMetadata { [files] file, bytes in file.repository == .view(edge) ? files[file.name] : bytes }
        try await scene.expectRefusal(.upstreamUntrusted, naming: ["view 'edge'", "belongs to the view “beta”"])
    }

    @Test("Another origin's root in the origin's place is refused")
    func otherOrigin() async throws {
        let scene = try await scene()
        let impostor = try await InProcessServer(id: "origin", now: time.now)
        try await impostor.release("107.1", length: 1000)
        try await impostor.release("666.1", length: 1000)
        let upstream = impostor.upstream(secret: try await impostor.issue("edge", "site"))
        let request = SyncRequest(deployment: scene.site.deployment)
        let revision = try await scene.site.catalog.revision()
        let report = await scene.site.sync(from: upstream, request: request)
        #expect(report.failures.map(\.code) == ["upstream-untrusted"])
        #expect(try await scene.site.catalog.revision() == revision)
        #expect(try await scene.site.catalog.version(version("666.1")) == nil)
    }

    @Test("Downgrade: an upstream that signed before is not believed without signatures")
    func downgrade() async throws {
        let scene = try await scene()
        try await scene.origin.release("108.1", length: 1000)
        scene.middle.changeHead { $0.replacing(nil) }
        try await scene.expectRefusal(.upstreamUntrusted, naming: ["nobody signed"])
    }

    @Test("Wrong software: content of another kernel's patch under a patch's name is refused")
    func wrongKernel() async throws {
        let scene = try await scene()
        try await scene.origin.release("108.1", kernels: 107...108, length: 1000)
        let files = try await scene.origin.catalog.files(of: version("108.1")).map(\.file)
        scene.middle.swap { file in file == files[0] ? files[1] : file }
        let report = await scene.site.sync(from: scene.middle)
        #expect(report.result == .partial)
        #expect(report.failures.map(\.file) == [files[0].name])
        #expect(report.failures.map(\.code) == ["digest-mismatch"])
        #expect(try await scene.site.catalog.file(files[0].name)?.available == false)
    }

    @Test("Fast-forward: version numbers that a thief of the online key drove up are forgotten with the key")
    func fastForward() async throws {
        let scene = try await scene()
        let repository = MetadataRepository.origin(scene.origin.deployment)
        let bytes = try #require(
            try await scene.origin.publisher.metadata(MetadataFile("timestamp.json", of: repository), for: tier("edge")))
        let key = try #require(try await scene.origin.keys.key(.originOnline))
        var stolen = try Metadata<TUF.Timestamp>(bytes)
        stolen.signed.version = .max
        stolen.removeSignatures()
        try await stolen.sign(with: key)
        let forged = stolen.document
        scene.middle.changeMetadata { file, bytes in
            file == MetadataFile("timestamp.json", of: repository) ? forged : bytes
        }
        scene.middle.changeHead { head in
            head.replacing(
                head.metadata.map { metadata in
                    HeadMetadata(
                        origins: metadata.origins.map {
                            .init(deployment: $0.deployment, timestamp: DocumentReference(of: forged))
                        },
                        tierOwner: metadata.tierOwner, views: metadata.views)
                })
        }
        #expect(await scene.site.sync(from: scene.middle).failures == [])
        scene.middle.changeMetadata { $1 }
        scene.middle.changeHead { $0 }
        try await scene.origin.release("108.1", length: 1000)
        try await scene.expectRefusal(.upstreamUntrusted, naming: ["went back"])
        scene.origin.keys.set(nil, as: .originOnline)
        time.advance(by: 60)
        try await scene.origin.release("109.1", length: 1000)
        #expect(await scene.site.sync(from: scene.middle).failures == [])
        #expect(try await scene.site.offer("edge") == ["107.1", "108.1", "109.1"])
    }
}
