import FoundationEssentials
import LivepatchKit
import LivepatchTesting
import TUF
import Testing

extension InProcessServer {
    /// Takes in what another server's view shows, its signed repositories among it, as a sync that verified them does.
    func takeIn(_ upstream: SigningServer, as tier: TierName, mirrorsTiers: Bool = false) async throws {
        var request = SyncRequest(deployment: deployment)
        request.mirrorsTiers = mirrorsTiers
        let secret = try await upstream.server.issue(
            tier.description, "to-\(deployment)-\(UUID().uuidString.prefix(8).lowercased())")
        let report = await sync(from: upstream.server, secret: secret, request: request)
        #expect(report.result != .failed && report.failures.isEmpty)

        let publisher = upstream.server.publisher
        let metadata = try #require(try await upstream.head(tier).metadata)
        var relayed: [RelayedRepository] = []
        let views: [TrustedRepository] = mirrorsTiers ? metadata.views.map { .view($0.tier, owner: metadata.tierOwner) } : []
        for repository in metadata.origins.map({ TrustedRepository.origin($0.deployment) }) + views {
            var files: [String: DocumentReference] = [:]
            func keep(_ role: String, _ version: Int?) async throws -> [UInt8]? {
                let name = RepositoryFile.metadata(role, version: version).path
                guard let bytes = try await publisher.metadata(MetadataFile(name, of: repository.repository), for: tier) else {
                    return nil
                }
                files[name] = DocumentReference(of: bytes)
                try await catalog.keepFetchedDocument(bytes, SHA256Digest(of: bytes))
                return bytes
            }
            var root = 1
            while try await keep("root", root) != nil { root += 1 }
            let timestamp = try Metadata<TUF.Timestamp>(try #require(try await keep("timestamp", nil))).signed
            let bytes = try await keep("snapshot", timestamp.snapshot.version)
            let snapshot = try Metadata<Snapshot>(try #require(bytes)).signed
            for (role, entry) in snapshot.roles.sorted where MetadataRoles.version(of: role) == nil {
                _ = try await keep(role, entry.version)
            }
            relayed.append(RelayedRepository(repository, files: files))
        }

        var state = try await catalog.syncState()
        state.relayed = relayed
        let (tiers, revision) = try await catalog.tierState()
        try await catalog.commit(
            SyncCommit(
                expected: revision, changed: [], documents: Set(relayed.flatMap { $0.files.values.map(\.digest) }), arrived: [],
                unavailable: [], removed: [], tiers: tiers.tiers, reach: tiers.reach, tokens: [], snapshotReason: nil,
                state: state, entry: ChangeEntry(time: Date(timeIntervalSince1970: 0), actor: "upstream", action: "sync")))
    }
}

@Suite struct MetadataRelayTests {
    private let signing: SigningServer
    private let relay: SigningServer
    private var clock: ManualClock { signing.clock }

    init() async throws {
        let signing = try await SigningServer()
        self.signing = signing
        relay = SigningServer(try await InProcessServer(id: "relay", now: { signing.clock.date }), signing.clock)
    }

    @Test func `a server that mirrors the tiers relays everything byte for byte, and has no key`() async throws {
        try await relay.server.takeIn(signing, as: "beta", mirrorsTiers: true)
        for tier in ["beta", "candidate", "stable"] as [TierName] {
            let head = try await relay.head(tier)
            #expect(head.metadata == (try await signing.head(tier).metadata))
            #expect(head.route.deployments == ["origin", "relay"])
        }
        var files = 0
        for relayed in try await relay.server.catalog.syncState().relayed {
            let repository = relayed.repository.repository
            var names = Array(relayed.files.keys)
            let snapshot = try await signing.client(repository, as: "beta").refresh().snapshot?.signed
            for version in ["9.1", "107.1"] {
                if let entry = snapshot?.roles["patch-\(version)"] { names.append("\(entry.version).patch-\(version).json") }
            }
            for name in names {
                let bytes = try await relay.server.publisher.metadata(MetadataFile(name, of: repository), for: "beta")
                #expect(bytes != nil, "\(name) of \(repository)")
                #expect(try await signing.server.publisher.metadata(MetadataFile(name, of: repository), for: "beta") == bytes)
                files += 1
            }
        }
        #expect(files > 20)
        #expect(try await relay.view("beta").target("107.1") != nil)
        #expect(try await relay.view("stable").target("107.1") == nil)
        #expect(try await relay.client(.origin("origin"), as: "stable").target("9.1") != nil)
        for name in TrustKeyName.allCases { #expect(try await relay.server.keys.key(name) == nil) }

        // What the relay has not got, and what a token does not open.
        let publisher = relay.server.publisher
        for (name, repository) in [
            (MetadataFile.timestamp, MetadataRepository.view("edge")), (MetadataFile.timestamp, .origin("relay")),
            ("9.root.json", .view("beta")), ("2.snapshot.json", .origin("origin")),
        ] {
            #expect(try await publisher.metadata(MetadataFile(name, of: repository), for: "beta") == nil)
        }
        #expect(try await publisher.metadata(MetadataFile(MetadataFile.timestamp, of: .view("beta")), for: "stable") == nil)
    }

    @Test func `a server with tiers of its own signs those, and delegates to the origin's keys`() async throws {
        try await relay.server.takeIn(signing, as: "edge")
        try await relay.server.administer(.promote(version: "107.2", tier: "stable"))
        let metadata = try #require(try await relay.head("edge").metadata)
        #expect(metadata.tierOwner == "relay")
        #expect(metadata.origins == (try await signing.head("edge").metadata?.origins))
        let view = try await relay.view("stable")
        #expect(try await view.target("107.2")?.role == "patch-107.2")
        #expect(try await view.target("9.1") == nil, "that is in the first tier only")
        let here = try #require(try await view.refresh().snapshot?.signed)
        let there = try #require(try await signing.origin().refresh().snapshot?.signed)
        #expect(here.roles["patch-107.2"] == there.roles["patch-107.2"])
        for name in [TrustKeyName.originRoot, .originTargets, .originOnline] {
            #expect(try await relay.server.keys.key(name) == nil)
        }
    }

    @Test func `a renewed timestamp is relayed, and changes the head`() async throws {
        try await relay.server.takeIn(signing, as: "edge", mirrorsTiers: true)
        let tag = try await relay.server.publisher.head(for: "edge").tag
        let history = try await relay.server.catalog.history(limit: 100, before: nil).count
        clock.advance(by: .seconds(12 * 3600))
        #expect(try await relay.server.publisher.head(for: "edge").tag == tag, "a relay renews nothing")
        try await relay.server.takeIn(signing, as: "edge", mirrorsTiers: true)
        #expect(try await relay.server.publisher.head(for: "edge").tag != tag)
        #expect(try await relay.head("edge").metadata == (try await signing.head("edge").metadata))
        #expect(try await relay.server.catalog.history(limit: 100, before: nil).count == history)
    }

    @Test func `a relay's own block takes a version out of its tiers, and is no revocation of the origin's`() async throws {
        try await relay.server.takeIn(signing, as: "edge")
        try await relay.server.administer(.promote(version: "9.1", tier: "stable"))
        let view = try await relay.view("stable")
        #expect(try await view.target("9.1") != nil)
        try await relay.server.administer(.block(version: "9.1", reason: "not here"))
        #expect(try await view.target("9.1") == nil)
        let origin = try await relay.client(.origin("origin"), as: "edge")
        #expect(try RevocationsDocument(try #require(try await origin.role("revocations"))).blocks.isEmpty)
        let plain = try #require(try await relay.server.publisher.document(.revocations, for: "stable"))
        #expect(try DocumentCoding.decode(RevocationsDocument.self, from: plain.bytes).blocks.map(\.deployment) == ["relay"])
    }

    @Test func `what an unsigned upstream showed is shown unsigned`() async throws {
        let clock = clock
        let unsigned = try await SigningServer(signs: false)
        let secret = try await unsigned.server.issue("edge", "relay")
        await relay.server.sync(from: unsigned.server, secret: secret)
        #expect(try await relay.head("edge").metadata == nil)
        let file = MetadataFile(MetadataFile.timestamp, of: .origin("origin"))
        #expect(try await relay.server.publisher.metadata(file, for: "edge") == nil)
        let document = try #require(try await relay.server.publisher.document(.version("9.1"), for: "edge"))
        #expect(try await unsigned.server.catalog.versionDocument("9.1") == document)
        let empty = try await InProcessServer(id: "empty", now: { clock.date })
        await empty.sync(from: relay.server, secret: try await relay.server.issue("edge", "empty"))
        #expect(try await SigningServer(empty, clock).head("edge").metadata == nil)
        for name in TrustKeyName.allCases { #expect(try await relay.server.keys.key(name) == nil) }
    }

    @Test func `who stands below nobody signs what came to it unsigned`() async throws {
        let unsigned = try await SigningServer(signs: false)
        await relay.server.sync(from: unsigned.server, secret: try await unsigned.server.issue("edge", "relay"))
        let top = SigningServer(try await relay.server.restarted(place: .top), clock)
        #expect(try await top.head("edge").metadata?.origins.map(\.deployment) == ["relay"])
        #expect(try await top.view("edge").target("107.1") != nil)
        // And stays whose it is, once it is signed.
        let again = SigningServer(try await relay.server.restarted(place: .top), clock)
        #expect(try await again.client(.origin("relay"), as: "edge").target("107.1") != nil)
    }

    @Test func `a server that took in patches before it was put below another shows two origins`() async throws {
        try await relay.release("500.1")
        #expect(try await relay.head("edge").metadata?.origins.map(\.deployment) == ["relay"])
        try await relay.server.takeIn(signing, as: "edge")
        #expect(try await relay.head("edge").metadata?.origins.map(\.deployment) == ["origin", "relay"])
        let view = try await relay.view("edge")
        for version in ["9.1", "107.2", "500.1"] { #expect(try await view.target(version) != nil) }
        #expect(try await relay.client(.origin("relay"), as: "edge").target("500.1") != nil)
        #expect(try await relay.client(.origin("relay"), as: "edge").target("9.1") == nil)
        let number = try #require(try await view.refresh().versions["patch-500.1"])
        let name = "\(number).patch-500.1.json"
        #expect(try await relay.server.publisher.metadata(MetadataFile(name, of: .origin("relay")), for: "edge") != nil)
        #expect(try await relay.server.publisher.metadata(MetadataFile(name, of: .origin("origin")), for: "edge") == nil)
    }

    @Test func `a version that another origin signed earlier is held back: to readers it would be a step back`() async throws {
        let clock = clock
        let other = SigningServer(try await InProcessServer(id: "other", now: { clock.date }), clock)
        try await other.release("9.1")
        _ = try await other.head("edge")
        clock.advance(by: .seconds(3600))
        let late = SigningServer(try await InProcessServer(id: "late", now: { clock.date }), clock)
        for version in ["9.1", "108.1"] { try await late.release(version) }
        try await relay.server.takeIn(late, as: "edge")
        let view = try await relay.view("edge")
        #expect(try await view.target("9.1") != nil)

        clock.advance(by: .seconds(3600))
        try await other.release("109.1")
        // Its administrator has it begin anew: another origin is not trusted at sight.
        let trust = relay.server.trust
        for repository in try await trust.trustedRepositories() { try await trust.forget(repository) }
        try await relay.server.takeIn(other, as: "edge")
        #expect(try await view.target("109.1") != nil)
        #expect(try await view.target("9.1") == nil)
        // Other keys of freshness are the way out: readers then forget what was listed.
        relay.server.keys.set(nil, as: .tiersOnline)
        let restarted = SigningServer(try await relay.server.restarted(place: .below(mirrorsTiers: false)), clock)
        let again = view.reading {
            try await restarted.server.publisher.metadata(MetadataFile($0, of: .view("edge")), for: "edge")
        }
        #expect(try await again.target("9.1") != nil)
    }

    @Test func `a relayed file that is not there is said to be missing`() async throws {
        try await relay.server.takeIn(signing, as: "edge")
        var state = try await relay.server.catalog.syncState()
        let (tiers, revision) = try await relay.server.catalog.tierState()
        state.revocations = nil
        try await relay.server.catalog.commit(
            SyncCommit(
                expected: revision, changed: [], documents: [], arrived: [], unavailable: [], removed: [], tiers: tiers.tiers,
                reach: tiers.reach, tokens: [], snapshotReason: nil, state: state,
                entry: ChangeEntry(time: clock.date, actor: "upstream", action: "sync")))
        let restarted = SigningServer(try await relay.server.restarted(place: .below(mirrorsTiers: false)), clock)
        await expectError(.trustUnavailable, naming: ["timestamp.json", "origin", "sync trigger"]) {
            try await restarted.head("edge")
        }
    }

    @Test func `a server that is to mirror tiers and has none yet shows nothing signed`() async throws {
        let clock = clock
        let new = try await InProcessServer(id: "new", place: .below(mirrorsTiers: true), now: { clock.date })
        #expect(try await SigningServer(new, clock).head("edge").metadata == nil)
        for name in TrustKeyName.allCases { #expect(try await new.keys.key(name) == nil) }
    }

    @Test func `turning sync-tiers off makes the tiers one's own`() async throws {
        try await relay.server.takeIn(signing, as: "edge", mirrorsTiers: true)
        #expect(try await relay.head("edge").metadata?.tierOwner == "origin")
        let own = SigningServer(try await relay.server.restarted(place: .below(mirrorsTiers: false)), clock)
        #expect(try await own.head("edge").metadata?.tierOwner == "relay")
        #expect(try await own.view("beta").target("107.1") != nil)
    }
}
