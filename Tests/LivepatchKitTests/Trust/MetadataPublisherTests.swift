import FoundationEssentials
import LivepatchKit
import LivepatchTesting
import TUF
import Testing

@Suite struct MetadataPublisherTests {
    private let signing: SigningServer
    private var server: InProcessServer { signing.server }
    private var clock: ManualClock { signing.clock }

    init() async throws { signing = try await SigningServer() }

    // MARK: What can be verified

    @Test(arguments: [("edge", ["9.1", "107.1", "107.2"]), ("beta", ["9.1", "107.1"]), ("stable", ["9.1"])])
    func `a client finds the files of a view through its tiers, and no others`(tier: String, versions: [String]) async throws {
        let client = try await signing.view(TierName(parsing: tier))
        for version in ["9.1", "107.1", "107.2"] {
            let target = try await client.target(version)
            #expect((target != nil) == versions.contains(version), "\(version)")
            guard let target else { continue }
            let file = try #require(try await server.catalog.file(PatchFileName(parsing: target.path)))
            #expect(target.role == "patch-\(version)")
            #expect(target.description.length == Int(file.file.length))
            #expect(target.description.hashes.digests["sha256"] == file.file.digest.description)
        }
    }

    @Test func `a client verifies the origin's repository, and finds every file in it`() async throws {
        let client = try await signing.origin()
        for version in ["9.1", "107.1", "107.2"] { #expect(try await client.target(version)?.role == "patch-\(version)") }
        #expect(try await client.target("200.1") == nil)
    }

    @Test func `a head names the timestamps of the repositories behind it`() async throws {
        let head = try await signing.head("beta")
        let metadata = try #require(head.metadata)
        #expect(metadata.origins.map(\.deployment) == ["origin"])
        #expect(metadata.tierOwner == "origin")
        #expect(metadata.views.map(\.tier) == ["beta", "candidate", "stable"])
        for view in metadata.views {
            let bytes = try await server.publisher.metadata(MetadataFile("timestamp.json", of: .view(view.tier)), for: "beta")
            #expect(DocumentReference(of: try #require(bytes)) == view.timestamp)
        }
        let bytes = try await server.publisher.metadata(MetadataFile("timestamp.json", of: .origin("origin")), for: "beta")
        #expect(DocumentReference(of: try #require(bytes)) == metadata.origins.first?.timestamp)
    }

    @Test func `a version's document is the signed metadata, in the plain documents and in both repositories`() async throws {
        let tier = try #require(try await server.publisher.document(.tier("beta"), for: "beta"))
        let snapshot = try #require(try await signing.origin().refresh().snapshot?.signed)
        for entry in try DocumentCoding.decode(TierDocument.self, from: tier.bytes).versions {
            let document = try #require(try await server.publisher.document(.version(entry.version), for: "beta"))
            #expect(document.reference == entry.document)
            let listed = try #require(snapshot.roles["patch-\(entry.version)"])
            #expect(listed.hashes?.digests["sha256"] == document.digest.description && listed.length == document.bytes.count)
            let name = "\(listed.version).patch-\(entry.version).json"
            for repository in [MetadataRepository.origin("origin"), .view("beta"), .view("stable")] {
                #expect(try await server.publisher.metadata(MetadataFile(name, of: repository), for: "beta") == document.bytes)
            }
            let files = try await server.catalog.files(of: entry.version).map(\.file)
            #expect(try VersionDocument(reading: document.bytes, of: entry.version).files == files)
        }
        // Snapshot and tiers say of a patch what its origin's snapshot says.
        let view = try #require(try await signing.view("edge").refresh().snapshot?.signed)
        for version in ["9.1", "107.1", "107.2"] {
            #expect(view.roles["patch-\(version)"] == snapshot.roles["patch-\(version)"])
        }
    }

    @Test func `a tier's document is the same in every view that holds it`() async throws {
        _ = try await signing.head("edge")
        let name = try #require(
            server.trust.files(of: .view("stable")).files.keys.first { $0.hasSuffix(".tier-stable.json") })
        let bytes = Set(TierState.defaultTiers.map { server.trust.files(of: .view($0)).files[name] })
        #expect(bytes.count == 1 && bytes.first != .some(nil))
        #expect(server.trust.files(of: .view("stable")).files.keys.allSatisfy { !$0.contains("tier-edge") })
    }

    @Test func `every view says which one it is, in all that is signed for it alone`() async throws {
        for tier in TierState.defaultTiers {
            let trusted = try await signing.view(tier).refresh()
            let member = JSONValue.string(tier.description)
            #expect(trusted.timestamp?.signed.unrecognized["view"] == member)
            #expect(trusted.snapshot?.signed.unrecognized["view"] == member)
            #expect(trusted.targets("targets", delegatedBy: "root")?.unrecognized["view"] == member)
        }
        let origin = try await signing.origin().refresh()
        #expect(origin.timestamp?.signed.unrecognized["view"] == nil)
    }

    @Test func `all views begin with the same root, which the origin's repository does not share`() async throws {
        _ = try await signing.head("edge")
        let roots = Set(TierState.defaultTiers.map { server.trust.files(of: .view($0)).files["1.root.json"] })
        #expect(roots.count == 1)
        #expect(!roots.contains(server.trust.files(of: .origin("origin")).files["1.root.json"]))
    }

    // MARK: Changes

    @Test func `a promotion adds a delegation, and a withdrawal takes it away with a higher version`() async throws {
        let client = try await signing.view("stable")
        #expect(try await client.target("107.1") == nil)
        let first = try await client.refresh().versions
        clock.advance(by: .seconds(10))
        try await server.administer(.promote(version: "107.1", tier: "stable"))
        #expect(try await client.target("107.1")?.role == "patch-107.1")
        let second = try await client.refresh().versions
        clock.advance(by: .seconds(10))
        try await server.administer(.withdraw(version: "107.1", tier: "stable"))
        #expect(try await client.target("107.1") == nil)
        #expect(try await client.target("9.1") != nil)
        let third = try await client.refresh().versions
        for role in ["timestamp", "snapshot", "tier-stable"] {
            let versions = [first, second, third].compactMap { $0[role] }
            #expect(versions.count == 3 && versions == versions.sorted() && Set(versions).count == 3, "\(role): \(versions)")
        }
        #expect(first["targets"] == third["targets"])
        #expect(first["patch-9.1"] == third["patch-9.1"])
    }

    @Test func `an undo is a newer document too`() async throws {
        let client = try await signing.view("stable")
        let before = try await client.refresh().versions
        let change = try #require(try await server.administer(.promote(version: "107.1", tier: "stable")))
        #expect(try await client.target("107.1") != nil)
        try await server.administer(.undo(change: change))
        #expect(try await client.target("107.1") == nil)
        #expect(try #require(try await client.refresh().versions["tier-stable"]) > (before["tier-stable"] ?? .max))
    }

    @Test func `what is blocked is in the signed revocations and in no tier, until it is unblocked`() async throws {
        let (origin, view) = (try await signing.origin(as: "stable"), try await signing.view("stable"))
        #expect(try RevocationsDocument(try #require(try await origin.role("revocations"))).blocks.isEmpty)
        try await server.administer(.block(version: "9.1", reason: "it crashes"))
        let blocks = try RevocationsDocument(try #require(try await origin.role("revocations"))).blocks
        #expect(blocks == [Block(version: "9.1", reason: "it crashes", blocked: clock.date, deployment: "origin")])
        let plain = try #require(try await server.publisher.document(.revocations, for: "stable"))
        #expect(try DocumentCoding.decode(RevocationsDocument.self, from: plain.bytes).blocks == blocks)
        #expect(try await view.target("9.1") == nil)
        let number = try #require(try await origin.refresh().versions["patch-9.1"])
        let file = MetadataFile("\(number).patch-9.1.json", of: .origin("origin"))
        #expect(try await server.publisher.metadata(file, for: "stable") == nil)

        try await server.administer(.unblock(version: "9.1", reason: "it does not"))
        #expect(try RevocationsDocument(try #require(try await origin.role("revocations"))).blocks.isEmpty)
        #expect(try await view.target("9.1") != nil)
    }

    @Test func `another file of a version makes its document anew, and no other's`() async throws {
        let (origin, view) = (try await signing.origin(), try await signing.view("beta"))
        let before = try await origin.refresh().versions
        #expect(try await view.target("107.1", flavour: "aws") == nil)
        clock.advance(by: .seconds(60))
        try await signing.release("107.1", flavour: "aws")
        #expect(try await view.target("107.1", flavour: "aws") != nil)
        #expect(try await view.target("107.1") != nil)
        let after = try await origin.refresh().versions
        #expect(try #require(after["patch-107.1"]) > (before["patch-107.1"] ?? .max))
        for role in ["patch-9.1", "patch-107.2", "revocations"] { #expect(after[role] == before[role]) }
    }

    @Test func `a version that is removed is delegated to no longer, and stays listed`() async throws {
        let client = try await signing.origin()
        let before = try await client.refresh().versions
        let names = try await server.catalog.files(of: "107.2").map(\.file.name)
        try await server.catalog.removeFiles(names, entry: ChangeEntry(time: clock.date, actor: "test", action: "storage gc"))
        #expect(try await client.target("107.2") == nil)
        #expect(try await client.refresh().versions["patch-107.2"] == before["patch-107.2"])
        // Released again it is a newer document.
        try await signing.release("107.2")
        #expect(try await client.target("107.2") != nil)
        #expect(try #require(try await client.refresh().versions["patch-107.2"]) > (before["patch-107.2"] ?? .max))
    }

    @Test func `views follow the tiers, and one that comes back goes on above what it was`() async throws {
        let stable = try await signing.view("stable")
        try await stable.refresh()
        try await server.administer(.renameTier(name: "stable", newName: "lts"))
        #expect(try await signing.view("lts").target("9.1") != nil)
        await expectError(.tierUnknown) { try await stable.refresh() }
        #expect(try await signing.head("edge").metadata?.views.map(\.tier) == ["edge", "beta", "candidate", "lts"])
        let file = MetadataFile("timestamp.json", of: .view("stable"))
        #expect(try await server.publisher.metadata(file, for: "edge") == nil)
        let root = server.trust.files(of: .view("stable")).files["1.root.json"]
        #expect(server.trust.files(of: .view("lts")).files["1.root.json"] == root)

        try await server.administer(.renameTier(name: "lts", newName: "stable"))
        #expect(try await stable.target("9.1") != nil)
        try await server.administer(.moveTier(name: "stable", position: .before(tier: "beta")))
        #expect(try await stable.target("9.1") != nil)
        #expect(try await stable.refresh().targets("targets", delegatedBy: "root")?.delegations?.keys(of: "tier-beta") != nil)
    }

    // MARK: What a token opens

    @Test func `a token opens the origins, and the views of its tier and of later ones`() async throws {
        let publisher = server.publisher
        let timestamp = MetadataFile.timestamp
        #expect(try await publisher.metadata(MetadataFile(timestamp, of: .view("beta")), for: "beta") != nil)
        #expect(try await publisher.metadata(MetadataFile(timestamp, of: .view("stable")), for: "beta") != nil)
        #expect(try await publisher.metadata(MetadataFile(timestamp, of: .view("edge")), for: "beta") == nil)
        #expect(try await publisher.metadata(MetadataFile(timestamp, of: .view("nightly")), for: "beta") == nil)
        #expect(try await publisher.metadata(MetadataFile(timestamp, of: .origin("origin")), for: "stable") != nil)
        #expect(try await publisher.metadata(MetadataFile(timestamp, of: .origin("other")), for: "edge") == nil)
        await expectError(.tierUnknown) {
            try await publisher.metadata(MetadataFile(timestamp, of: .origin("origin")), for: "nightly")
        }
    }

    @Test func `a patch's document is there under its one name, and for who may see the version`() async throws {
        let publisher = server.publisher
        let number = try #require(try await signing.origin().refresh().versions["patch-107.2"])
        for repository in [MetadataRepository.origin("origin"), .view("stable")] {
            let name = "\(number).patch-107.2.json"
            #expect(try await publisher.metadata(MetadataFile(name, of: repository), for: "edge") != nil)
            #expect(try await publisher.metadata(MetadataFile(name, of: repository), for: "beta") == nil)
            for name in [
                "\(number + 1).patch-107.2.json", "0\(number).patch-107.2.json", "+\(number).patch-107.2.json",
                "patch-107.2.json", "\(number).patch-107.2", "\(number).patch-0107.2.json", "", ".", "..", "../timestamp.json",
            ] {
                #expect(try await publisher.metadata(MetadataFile(name, of: repository), for: "edge") == nil, "\(name)")
            }
        }
    }

    @Test func `nothing of an earlier tier is in any byte of a later view`() async throws {
        _ = try await signing.head("edge")
        for (name, bytes) in server.trust.files(of: .view("beta")).files {
            let text = String(decoding: bytes, as: UTF8.self)
            #expect(!text.contains("107.2") && !text.contains("edge"), "\(name)")
        }
    }
}
