import FoundationEssentials
import LivepatchKit
import LivepatchTesting
import Testing

@Suite("A verified chain")
struct TrustChainTests {
    let time = SettableTime(Date(timeIntervalSince1970: 1_893_456_000))

    func server(_ id: String, signs: Bool = true) async throws -> InProcessServer {
        try await InProcessServer(id: id, signs: signs, now: time.now)
    }

    /// The files of a repository as a server shows them to its own tokens.
    private func shown(_ server: InProcessServer, _ name: String, _ repository: MetadataRepository) async throws -> [UInt8]? {
        try await server.publisher.metadata(MetadataFile(name, of: repository), for: tier("edge"))
    }

    @Test("Three servers verify each other end to end, with and without sync-tiers", arguments: [false, true], [false, true])
    func threeServers(_ relayMirrors: Bool, _ siteMirrors: Bool) async throws {
        let (origin, relay, site) = (try await server("origin"), try await server("relay"), try await server("site"))
        let secrets = (try await origin.issue("edge", "relay"), try await relay.issue("edge", "site"))
        try await origin.release("107.1", kernels: 107...109, length: 1000)
        try await origin.release("108.1", length: 1000)
        try await origin.promote("107.1", "stable")
        try await origin.administer(.block(version: version("108.1"), reason: "it oopses"))
        let relayRequest = SyncRequest(deployment: relay.deployment, mirrorsTiers: relayMirrors)
        let siteRequest = SyncRequest(deployment: site.deployment, mirrorsTiers: siteMirrors)
        #expect(await relay.sync(from: origin, secret: secrets.0, request: relayRequest).failures == [])
        let report = await site.sync(from: relay, secret: secrets.1, request: siteRequest)
        #expect(report.failures == [] && report.result == .complete)
        #expect(try await site.offer("edge") == ["107.1"])
        #expect(try await site.offer("stable") == (relayMirrors && siteMirrors ? ["107.1"] : []))
        #expect(try await site.catalog.tierState().state.blocks.map(\.deployment) == [origin.deployment])
        // Relayed byte for byte.
        let stamp = try #require(try await shown(origin, "timestamp.json", .origin(origin.deployment)))
        for below in [relay, site] {
            #expect(try await shown(below, "timestamp.json", .origin(origin.deployment)) == stamp)
        }
        if relayMirrors {
            let view = try await shown(origin, "timestamp.json", .view(tier("edge")))
            #expect(try await shown(relay, "timestamp.json", .view(tier("edge"))) == view)
            if siteMirrors { #expect(try await shown(site, "timestamp.json", .view(tier("edge"))) == view) }
        }
        // What comes next goes the same way.
        try await origin.administer(.unblock(version: version("108.1"), reason: "it was something else"))
        try await origin.release("109.1", length: 1000)
        await relay.sync(from: origin, secret: secrets.0, request: relayRequest)
        let second = await site.sync(from: relay, secret: secrets.1, request: siteRequest)
        #expect(second.failures == [] && second.notes == [])
        #expect(try await site.offer("edge") == ["107.1", "108.1", "109.1"])
        #expect(await site.sync(from: relay, secret: secrets.1, request: siteRequest).result == .unchanged)
    }

    @Test("A relay's own block stops delivery below it, though the tiers that it relays list the patch")
    func localBlock() async throws {
        let (origin, relay, site) = (try await server("origin"), try await server("relay"), try await server("site"))
        let secrets = (try await origin.issue("edge", "relay"), try await relay.issue("edge", "site"))
        for release in ["107.1", "108.1"] { try await origin.release(release, length: 1000) }
        let mirroring = SyncRequest(deployment: relay.deployment, mirrorsTiers: true)
        await relay.sync(from: origin, secret: secrets.0, request: mirroring)
        let administration = relay.administration(.upstream("origin"))
        _ = try await administration.carryOut(.block(version: version("107.1"), reason: "it hangs here"), by: "test")
        let report = await site.sync(from: relay, secret: secrets.1)
        #expect(report.failures == [])
        #expect(try await site.offer("edge") == ["108.1"])
    }

    @Test("Renewed metadata changes no history, and is passed on to those below")
    func renewal() async throws {
        let (origin, relay, site) = (try await server("origin"), try await server("relay"), try await server("site"))
        let secrets = (try await origin.issue("edge", "relay"), try await relay.issue("edge", "site"))
        try await origin.release("107.1", length: 1000)
        await relay.sync(from: origin, secret: secrets.0)
        await site.sync(from: relay, secret: secrets.1)
        let stamp = try await shown(site, "timestamp.json", .origin(origin.deployment))
        let history = try await relay.catalog.history(limit: 100, before: nil)
        time.advance(by: 13 * 3600)
        let report = await relay.sync(from: origin, secret: secrets.0)
        #expect(report.result == .unchanged && report.failures == [])
        #expect(try await relay.catalog.history(limit: 100, before: nil) == history)
        #expect(await site.sync(from: relay, secret: secrets.1).result == .unchanged)
        #expect(try await shown(site, "timestamp.json", .origin(origin.deployment)) != stamp)
        time.advance(by: 13 * 3600)
        #expect(await relay.sync(from: origin, secret: secrets.0).failures == [])
        #expect(await site.sync(from: relay, secret: secrets.1).failures == [])
    }

    @Test("What is pinned at first sight is told with its fingerprint, once; configured roots need no word")
    func firstUse() async throws {
        let (origin, site, careful) = (try await server("origin"), try await server("site"), try await server("careful"))
        let secret = try await origin.issue("edge", "site")
        try await origin.release("107.1", length: 1000)
        let report = await site.sync(from: origin, secret: secret)
        let roots = [MetadataRepository.origin(origin.deployment), .view(try tier("edge"))]
        var fingerprints: Set<SHA256Digest> = []
        for repository in roots {
            fingerprints.insert(SHA256Digest(of: try #require(try await shown(origin, "1.root.json", repository))))
        }
        for fingerprint in fingerprints { #expect(report.notes.contains { $0.contains("\(fingerprint)") }) }
        try await origin.release("108.1", length: 1000)
        #expect(await site.sync(from: origin, secret: secret).notes == [])
        let second = await careful.sync(from: origin.upstream(secret: secret), trustedRoots: fingerprints)
        #expect(second.result == .complete && second.notes == [])
    }

    @Test("Configured roots that are not the upstream's refuse the sync, and name what was seen")
    func foreignRoots() async throws {
        let (origin, site) = (try await server("origin"), try await server("site"))
        let secret = try await origin.issue("edge", "site")
        try await origin.release("107.1", length: 1000)
        let report = await site.sync(from: origin.upstream(secret: secret), trustedRoots: [SHA256Digest(of: [1])])
        let seen = SHA256Digest(of: try #require(try await shown(origin, "1.root.json", .origin(origin.deployment))))
        #expect(report.result == .failed && report.failures.map(\.code) == ["upstream-untrusted"])
        #expect(report.failures.first?.message.contains("\(seen)") == true)
        #expect(try await site.catalog.versions().isEmpty)
    }

    @Test("Servers that read plain documents go over to signed ones when their upstream does, and fetch nothing twice")
    func upgrade() async throws {
        var origin = try await server("origin", signs: false)
        let site = try await server("site")
        let secret = try await origin.issue("edge", "site")
        try await origin.release("107.1")
        #expect(await site.sync(from: origin, secret: secret).result == .complete)
        #expect(try await site.trust.trustedRepositories().isEmpty)
        origin = try await origin.restarted(signs: true)
        let report = await site.sync(from: origin, secret: secret)
        #expect(report.failures == [] && report.files == 0 && report.bytes == 0)
        #expect(report.notes.count == 2)
        #expect(try await site.offer("edge") == ["107.1"])
        try await origin.release("108.1")
        #expect(await site.sync(from: origin, secret: secret).versionsAdded == [try version("108.1")])
    }

    @Test("New keys of an origin are followed down the chain")
    func rotation() async throws {
        let (origin, relay, site) = (try await server("origin"), try await server("relay"), try await server("site"))
        let secrets = (try await origin.issue("edge", "relay"), try await relay.issue("edge", "site"))
        try await origin.release("107.1", length: 1000)
        await relay.sync(from: origin, secret: secrets.0)
        await site.sync(from: relay, secret: secrets.1)
        for name in [TrustKeyName.originTargets, .originOnline, .tiersTargets, .tiersOnline] {
            origin.keys.set(nil, as: name)
        }
        time.advance(by: 60)
        try await origin.release("108.1", length: 1000)
        #expect(await relay.sync(from: origin, secret: secrets.0).failures == [])
        #expect(await site.sync(from: relay, secret: secrets.1).failures == [])
        #expect(try await site.offer("edge") == ["107.1", "108.1"])
        #expect(try await shown(site, "2.root.json", .origin(origin.deployment)) != nil)
        #expect(try await shown(site, "1.root.json", .origin(origin.deployment)) != nil)
    }
}
