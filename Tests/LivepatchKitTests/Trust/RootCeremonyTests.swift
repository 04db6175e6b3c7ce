import FoundationEssentials
import LivepatchKit
import LivepatchTesting
import TUF
import Testing

@Suite struct RootCeremonyTests {
    private let signing: SigningServer
    private let holders: RootHolders
    private var server: InProcessServer { signing.server }
    private var clock: ManualClock { signing.clock }

    init() async throws {
        signing = try await SigningServer()
        holders = try RootHolders(signing)
    }

    private func roots() -> [String] {
        server.trust.files(of: .origin("origin")).files.keys.filter { $0.hasSuffix(".root.json") }
    }

    @Test func `of two that have to sign, one is not enough`() async throws {
        let client = try await signing.origin()
        _ = try await client.refresh()
        let before = try await signing.files()
        let one = try await holders.root(of: holders.all, threshold: 2, signedBy: [holders.anna])
        #expect(!one.summary.isComplete)
        await expectError(
            .rootRefused,
            naming: ["root 2 asks for 2 of its 3 root keys, and 1 signed", holders.ben.keyID.prefix(12).description]
        ) {
            try await holders.publish(one)
        }
        #expect(try await signing.files() == before)
        #expect(try await server.catalog.history(limit: 1, before: nil).first?.action.hasPrefix("trust publish") == false)

        // The server holds the key of the first root, and adds what that one asks for.
        let two = try await holders.root(of: holders.all, threshold: 2, signedBy: [holders.anna, holders.cleo])
        let published = try await holders.publish(two)
        #expect(published.version == 2 && published.kind == .origin)
        #expect(
            published.fingerprint
                == SHA256Digest(of: try #require(server.trust.files(of: .origin("origin")).files["2.root.json"])))
        let record = try #require(try await server.catalog.history(limit: 1, before: nil).first)
        #expect(record.actor == "alice" && record.action == "trust publish origin root 2 \(published.fingerprint)")

        // From then on its own key is not needed for anything, and is good for nothing.
        server.keys.set(nil, as: .originRoot)
        clock.advance(by: .seconds(2 * 86_400))
        try await signing.release("108.1")
        #expect(try await client.target("108.1") != nil)
        #expect(try await client.refresh().root.signed.roles[RoleName.root]?.keyIDs == holders.all.map(\.keyID))
    }

    @Test func `the previous root's keys have to agree`() async throws {
        _ = try await signing.head("edge")
        server.keys.set(nil, as: .originRoot)
        let root = try await holders.root(of: holders.all, threshold: 2, signedBy: holders.all)
        await expectError(.rootRefused, naming: ["root 1 asks for 1 of its 1 root keys, and 0 signed"]) {
            try await holders.publish(root)
        }
        #expect(roots() == ["1.root.json"])
    }

    @Test func `a stranger's signature does not count`() async throws {
        let stranger = try SigningKey.generateEd25519()
        let root = try await holders.root(of: holders.all, threshold: 2, signedBy: [holders.anna])
        var attempt = root
        await expectError(.rootRefused, naming: [stranger.keyID, "would not count"]) { try await attempt.sign(with: stranger) }
        attempt = root
        var forged = try Metadata<Root>(root.document)
        try await forged.sign(with: stranger)
        // Nor does one that says it is ben's.
        forged.add(Signature(keyID: holders.ben.keyID, bytes: try await stranger.sign(forged.signedBytes())))
        let document = forged.document
        await expectError(.rootRefused, naming: ["1 signed"]) { try await holders.publish(document) }
        // One more does no harm, and is not published.
        try await forged.sign(with: holders.cleo)
        try await holders.publish(forged.document)
        let published = try Metadata<Root>(try #require(server.trust.files(of: .origin("origin")).files["2.root.json"]))
        #expect(!published.signatures.contains { $0.keyID == stranger.keyID })
    }

    @Test func `the same key twice does not count twice`() async throws {
        await expectError(.malformedValue, naming: ["twice"]) {
            try await holders.root(of: [holders.anna, holders.anna], threshold: 2)
        }
        var twice = try await holders.root(of: holders.all, threshold: 2, signedBy: [holders.anna])
        #expect(try await twice.sign(with: holders.anna) == false)
        let again = twice
        await expectError(.rootRefused, naming: ["1 signed"]) { try await holders.publish(again) }
        // By another name, as somebody's file may have it.
        let (anna, alias) = (holders.anna, "another")
        var forged = try Metadata<Root>(
            try await holders.forged(signedBy: [anna]) { root in
                root.keys[anna.keyID] = anna.key
                root.keys[alias] = anna.key
                root.roles[RoleName.root] = RoleKeys(keyIDs: [anna.keyID, alias], threshold: 2)
            })
        forged.add(Signature(keyID: alias, bytes: try await anna.sign(forged.signedBytes())))
        let document = forged.document
        await expectError(.rootRefused, naming: ["root 2 asks for 2 of its 2 root keys, and 1 signed"]) {
            try await holders.publish(document)
        }
        #expect(roots() == ["1.root.json"])
    }

    @Test func `a root is refused that readers would not follow to, or the server could not sign under`() async throws {
        try await holders.takeOver()
        let signers = [holders.anna, holders.ben]
        let other = try SigningKey.generateEd25519()
        func refused(_ words: String..., change: (inout Root) -> Void) async throws {
            let document = try await holders.forged(signedBy: signers, change)
            await expectError(.rootRefused, naming: words) { try await holders.publish(document) }
        }
        try await refused("version 2", "present one is 2") { $0.version = 2 }
        try await refused("version 4", "present one is 2", "root 3") { $0.version = 4 }
        try await refused("expired at") { $0.expires = MetadataTime(secondsSince1970: 1) }
        try await refused("consistent snapshots") { $0.consistentSnapshot = false }
        for role in [RoleName.targets, RoleName.snapshot, RoleName.timestamp] {
            try await refused("'\(role)'") { root in
                root.keys[other.keyID] = other.key
                root.roles[role] = RoleKeys(keyIDs: [other.keyID])
            }
            try await refused("'\(role)'") { $0.roles[role]?.threshold = 2 }
        }
        await expectError(.rootRefused, naming: ["cannot be read"]) { try await holders.publish(Array("{}".utf8)) }
        #expect(Set(roots()) == ["1.root.json", "2.root.json"])
        try await holders.publish(holders.root(signedBy: signers))
        #expect(try await signing.origin().refresh().versions["root"] == 3)
    }

    @Test func `a lost key is replaced with the other two`() async throws {
        let client = try await signing.origin()
        try await holders.takeOver()
        let dora = try SigningKey.generateEd25519()
        let keys = [holders.anna, holders.ben, dora]
        let alone = try await holders.root(of: keys, threshold: 2, signedBy: [holders.anna, dora])
        await expectError(.rootRefused, naming: ["root 2 asks for 2 of its 3 root keys, and 1 signed"]) {
            try await holders.publish(alone)
        }
        try await holders.publish(holders.root(of: keys, threshold: 2, signedBy: [holders.anna, holders.ben]))
        #expect(try await client.refresh().versions["root"] == 3)
        // Cleo's key, whoever has it now, is none of them any more.
        var next = try await holders.root(signedBy: [dora])
        await expectError(.rootRefused, naming: [holders.cleo.keyID]) { try await next.sign(with: holders.cleo) }
        next = try await holders.root(signedBy: [dora, holders.ben])
        try await holders.publish(next)
        #expect(try await client.refresh().versions["root"] == 4)
    }

    @Test(arguments: [true, false])
    func `the server renews everything but a root that it cannot sign, and says what to do`(keepsOldKey: Bool) async throws {
        let client = try await signing.origin()
        let old = try #require(try await server.keys.key(.originRoot))
        try await holders.takeOver()
        if keepsOldKey { server.keys.set(old, as: .originRoot) }
        let root = server.trust.files(of: .origin("origin")).files["2.root.json"]
        clock.advance(by: .seconds(340 * 86_400))
        try await signing.release("108.1")
        #expect(try await client.target("108.1") != nil)
        #expect(Set(roots()) == ["1.root.json", "2.root.json"])
        #expect(server.trust.files(of: .origin("origin")).files["2.root.json"] == root)
        let warnings = try await warnings()
        #expect(
            warnings.contains { $0.contains("'root' in the origin repository") && $0.contains("trust root-init origin") },
            "\(warnings)")

        clock.advance(by: .seconds(26 * 86_400))
        await expectError(.trustUnavailable, naming: ["expired", "trust root-init origin", "trust publish"]) {
            try await signing.head("edge")
        }
        let (anna, cleo) = (holders.anna, holders.cleo)
        try await holders.publish(holders.root(signedBy: [anna, cleo]))
        #expect(try await client.refresh().versions["root"] == 3)
        #expect(try await self.warnings().isEmpty)
    }

    private func warnings() async throws -> [String] {
        let inspection = TrustInspection(
            deployment: server.deployment, catalog: server.catalog, tiers: TierStateCache(catalog: server.catalog),
            publisher: server.publisher, now: { [clock] in clock.date })
        return try await inspection.status().warnings.map(\.message)
    }

    @Test(arguments: [TrustKeyName.originTargets, .originOnline])
    func `a lost key of another role waits for the next root`(name: TrustKeyName) async throws {
        let client = try await signing.origin()
        try await holders.takeOver()
        server.keys.set(nil, as: name)
        clock.advance(by: .seconds(60))
        let restarted = SigningServer(try await server.restarted(), clock)
        let now = holders.before(restarted)
        await expectError(.trustUnavailable, naming: ["does not list", "trust root-init origin"]) {
            try await restarted.head("edge")
        }
        let root = try await now.root(signedBy: [holders.ben, holders.cleo])
        #expect(
            root.summary.roles.filter(\.isChanged).map(\.name)
                == (name == .originTargets ? ["targets"] : ["timestamp", "snapshot"]))
        try await now.publish(root)
        let following = client.reading {
            try await restarted.server.publisher.metadata(MetadataFile($0, of: .origin("origin")), for: "edge")
        }
        #expect(try await following.target("9.1") != nil)
        #expect(try await following.refresh().versions["root"] == 2 + 1)
    }

    @Test func `all views of the tiers get the root, those that come later too`() async throws {
        let clients = [try await signing.view("edge"), try await signing.view("stable")]
        try await holders.takeOver(.tiers)
        for client in clients {
            #expect(try await client.refresh().versions["root"] == 2)
            #expect(try await client.target("9.1") != nil)
        }
        try await server.administer(.addTier(name: "lts", position: .last))
        #expect(try await signing.view("lts").refresh().versions["root"] == 2)
        #expect(try await signing.origin().refresh().versions["root"] == 1)
    }

    @Test func `a downstream follows without being told`() async throws {
        _ = try await signing.head("edge")
        let first = try await [TrustedRoot.Kind.origin, .tiers].asyncMap { kind in
            SHA256Digest(of: Array(try await holders.administration.basis(of: kind).root.utf8))
        }
        let site = try await InProcessServer(id: "site", now: { [clock] in clock.date })
        let secret = try await server.issue("edge", "site")
        func sync() async throws -> SyncReport {
            await site.sync(from: server.upstream(secret: secret, for: site.deployment), trustedRoots: Set(first))
        }
        #expect(try await sync().result == .complete)
        try await holders.takeOver()
        try await holders.takeOver(.tiers)
        clock.advance(by: .seconds(60))
        try await signing.release("108.1")
        let report = try await sync()
        #expect(report.result == .complete && report.notes.isEmpty, "\(report)")
        #expect(try await site.catalog.version("108.1") != nil)
    }

    @Test func `who does not sign has no root to prepare or publish`() async throws {
        let site = try await InProcessServer(id: "site", place: .below(mirrorsTiers: true))
        let administration = RootAdministration(
            publisher: try #require(site.metadata), catalog: site.catalog, now: { [clock] in clock.date })
        let document = try await holders.root().document
        for kind in TrustedRoot.Kind.allCases {
            await expectError(.notFound, naming: ["does not sign"]) { try await administration.basis(of: kind) }
            await expectError(.notFound, naming: ["does not sign"]) {
                try await administration.publish(document, of: kind, by: "alice")
            }
        }
    }
}

extension Sequence where Element: Sendable {
    fileprivate func asyncMap<Result>(_ transform: (Element) async throws -> Result) async rethrows -> [Result] {
        var results: [Result] = []
        for element in self { results.append(try await transform(element)) }
        return results
    }
}
