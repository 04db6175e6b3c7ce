import FoundationEssentials
import LivepatchKit
import LivepatchTesting
import Testing

@Suite struct PlainDocumentPublisherTests {
    private let server: InProcessServer

    /// edge: 9.1, 107.1, 107.2; beta: 9.1, 107.1; candidate, stable: 9.1.
    init() async throws {
        let clock = ManualClock()
        server = try await InProcessServer(id: "origin", signs: false, now: { clock.date })
        for version in ["9.1", "107.1", "107.2"] { try await release(version) }
        try await server.administer(.promote(version: "9.1", tier: "stable"))
        try await server.administer(.promote(version: "107.1", tier: "beta"))
    }

    private func release(_ version: String, flavour: String = "generic") async throws {
        try await server.release(
            "livepatch-5.15.0-107.117-\(flavour)-\(version)-amd64.tar.bz2", Array("\(version) \(flavour)".utf8))
    }

    private func tag(_ tier: TierName) async throws -> String { try await server.publisher.head(for: tier).tag }

    private func head(_ tier: TierName) async throws -> Head {
        try DocumentCoding.decode(Head.self, from: try await server.publisher.head(for: tier).bytes)
    }

    private func document<Document: Decodable>(_ type: Document.Type, _ name: DocumentName, _ tier: TierName) async throws
        -> Document?
    {
        try await server.publisher.document(name, for: tier).map { try DocumentCoding.decode(type, from: $0.bytes) }
    }

    // MARK: Views

    @Test func `a view begins at its tier and goes on to the last`() async throws {
        for (index, tier) in TierState.defaultTiers.enumerated() {
            let list = try await document(TierListDocument.self, .tiers, tier)
            #expect(list?.tiers.map(\.name) == Array(TierState.defaultTiers[index...]))
            #expect(try await head(tier).tier == tier)
        }
    }

    @Test func `a view has the documents of its tier and of later ones, and no other`() async throws {
        #expect(try await document(TierDocument.self, .tier("beta"), "beta")?.versions.map(\.version) == ["9.1", "107.1"])
        #expect(try await document(TierDocument.self, .tier("stable"), "beta")?.versions.map(\.version) == ["9.1"])
        #expect(try await server.publisher.document(.tier("edge"), for: "beta") == nil)
        #expect(try await server.publisher.document(.tier("nightly"), for: "beta") == nil)
        #expect(try await server.publisher.document(.version("107.1"), for: "beta") != nil)
        #expect(try await server.publisher.document(.version("107.2"), for: "beta") == nil, "edge has it, beta must not know")
        #expect(try await server.publisher.document(.version("1.1"), for: "beta") == nil)
    }

    @Test func `nothing of an earlier tier is in any byte of a later one's documents`() async throws {
        let names: [DocumentName] = [.revocations, .tiers, .tier("beta"), .tier("candidate"), .tier("stable"), .version("9.1")]
        var bytes = try await server.publisher.head(for: "beta").bytes
        for name in names { bytes += try #require(try await server.publisher.document(name, for: "beta")).bytes }
        let text = String(decoding: bytes, as: UTF8.self)
        #expect(!text.contains("107.2"))
        #expect(!text.contains("edge"))
    }

    @Test func `every document is bound to the head by digest and length`() async throws {
        let head = try await head("edge")
        let tiers = try #require(try await server.publisher.document(.tiers, for: "edge"))
        #expect(tiers.reference == head.tiers)
        #expect(try await server.publisher.document(.revocations, for: "edge")?.reference == head.revocations)
        for entry in try DocumentCoding.decode(TierListDocument.self, from: tiers.bytes).tiers {
            let tier = try #require(try await server.publisher.document(.tier(entry.name), for: "edge"))
            #expect(tier.reference == entry.document)
            for version in try DocumentCoding.decode(TierDocument.self, from: tier.bytes).versions {
                let document = try #require(try await server.publisher.document(.version(version.version), for: "edge"))
                #expect(document.reference == version.document)
                #expect(document.digest == SHA256Digest(of: document.bytes))
                #expect(document.tag == document.digest.description)
            }
        }
    }

    @Test func `a version's document lists its files in order of name`() async throws {
        try await release("107.1", flavour: "aws")
        let document = try await document(VersionDocument.self, .version("107.1"), "beta")
        #expect(document?.files.map(\.name.flavour) == ["aws", "generic"])
        let catalogued = try await server.catalog.files(of: "107.1").map(\.file)
        #expect(document?.files == catalogued)
    }

    @Test func `there is no view of a tier that does not exist`() async throws {
        await expectError(.tierUnknown, naming: ["'nightly'"]) { try await server.publisher.head(for: "nightly") }
        await expectError(.tierUnknown) { try await server.publisher.document(.tiers, for: "nightly") }
        try await server.administer(.addTier(name: "nightly", position: .last))
        _ = try await head("nightly")
    }

    @Test func `what is blocked is in the revocations and in no tier`() async throws {
        try await server.administer(.block(version: "9.1", reason: "it crashes"))
        let blocks = try await document(RevocationsDocument.self, .revocations, "stable")?.blocks
        #expect(blocks?.map(\.version) == ["9.1"])
        #expect(blocks?.map(\.reason) == ["it crashes"])
        #expect(try await document(TierDocument.self, .tier("stable"), "stable")?.versions.isEmpty == true)
        #expect(try await server.publisher.document(.version("9.1"), for: "stable") == nil)
    }

    @Test func `an origin's route is the origin, and without filters everything passes`() async throws {
        let head = try await head("edge")
        #expect(head.format == 1)
        #expect(head.route == Route(origin: "origin"))
        #expect(head.filters == FilterChain())
    }

    // MARK: Tags

    @Test func `a head stays the same while only what it does not show changes`() async throws {
        let (edge, beta, stable) = (try await tag("edge"), try await tag("beta"), try await tag("stable"))
        try await release("108.1")
        #expect(try await tag("edge") != edge)
        #expect(try await tag("beta") == beta)
        #expect(try await tag("stable") == stable)
        let candidate = try await tag("candidate")
        try await server.administer(.promote(version: "107.2", tier: "beta"))
        #expect(try await tag("beta") != beta)
        #expect(try await tag("candidate") == candidate)
        try await server.administer(.addTier(name: "nightly", position: .before(tier: "edge")))
        #expect(try await tag("stable") == stable)
        _ = try await server.issue("stable", "site")
        #expect(try await tag("stable") == stable)
    }

    @Test(
        arguments: [
            .promote(version: "107.1", tier: "stable"), .withdraw(version: "9.1", tier: "stable"),
            .withdraw(version: "9.1", tier: "edge"), .block(version: "9.1", reason: "x"), .block(version: "107.2", reason: "x"),
            .addTier(name: "lts", position: .last), .renameTier(name: "stable", newName: "lts"),
            .moveTier(name: "candidate", position: .last),
        ] as [TierCommand])
    func `a head changes with what it shows, and undoing that brings it back`(command: TierCommand) async throws {
        let before = try await tag("candidate")
        let change = try #require(try await server.administer(command))
        #expect(try await tag("candidate") != before)
        try await server.administer(.undo(change: change))
        #expect(try await tag("candidate") == before)
    }

    @Test func `a head changes when a version that it shows gets another file`() async throws {
        let (beta, stable) = (try await tag("beta"), try await tag("stable"))
        try await release("107.1", flavour: "aws")
        #expect(try await tag("beta") != beta)
        #expect(try await tag("stable") == stable)
    }

    @Test func `two publishers of one catalogue publish the same bytes`() async throws {
        let other = PlainDocumentPublisher(catalog: server.catalog, tiers: TierStateCache(catalog: server.catalog))
        #expect(try await other.head(for: "edge") == server.publisher.head(for: "edge"))
    }

    @Test func `questions at the same time are answered alike`() async throws {
        let publisher = server.publisher
        let heads = try await withThrowingTaskGroup(of: PublishedDocument.self) { group in
            for _ in 0..<20 { group.addTask { try await publisher.head(for: "edge") } }
            return try await group.reduce(into: Set<PublishedDocument>()) { $0.insert($1) }
        }
        #expect(heads.count == 1)
    }

    @Test func `a view is of one moment, even when the catalogue changes while it is made`() async throws {
        let server = server
        let catalog = OvertakenCatalog(server.catalog, at: .versions) {
            try await server.administer(.withdraw(version: "9.1", tier: "edge"))
            try await server.release("livepatch-5.15.0-107.117-aws-107.1-amd64.tar.bz2", Array("aws".utf8))
        }
        let overtaken = PlainDocumentPublisher(catalog: catalog, tiers: TierStateCache(catalog: catalog))
        let first = try await overtaken.head(for: "edge")
        #expect(catalog.attempts == 2)
        #expect(try await server.publisher.head(for: "edge") == first)
    }
}
