import FoundationEssentials
import LivepatchKit
import LivepatchTesting
import Testing

@Suite struct PlainDocumentReaderTests {
    private let cache = InMemoryCatalog(InMemoryDatabase())

    private func reader(_ upstream: any UpstreamServer) -> PlainDocumentReader {
        PlainDocumentReader(upstream: upstream, cache: cache)
    }

    private func file(_ name: PatchFileName, length: Int64 = 5) -> PatchFile {
        PatchFile(
            name: name, length: length, digest: SHA256Digest(of: Array("\(name)".utf8)), released: .init(timeIntervalSince1970: 0)
        )
    }

    private let generic: PatchFileName = "livepatch-5.15.0-107.117-generic-107.1-amd64.tar.bz2"

    /// A reader of one document, and its reference.
    private func handing(_ document: some Encodable, as name: DocumentName) throws -> (HandedDocuments, DocumentReference) {
        let bytes = try DocumentCoding.encode(document)
        return (HandedDocuments(documents: [name: bytes]), DocumentReference(of: bytes))
    }

    // MARK: Round trip

    @Test func `what is published is what is read`() async throws {
        let origin = try await InProcessServer(id: "origin")
        for version in ["9.1", "107.1"] {
            try await origin.release("livepatch-5.15.0-107.117-generic-\(version)-amd64.tar.bz2", Array(version.utf8))
        }
        try await origin.administer(.promote(version: "9.1", tier: "stable"))
        try await origin.administer(.block(version: "107.1", reason: "it crashes"))
        let upstream = origin.upstream(secret: try await origin.issue("edge", "site"))
        let reader = reader(upstream)
        guard case .head(let head, let tag) = try await reader.head(unless: nil) else {
            Issue.record("no head")
            return
        }
        #expect(tag == (try await origin.publisher.head(for: "edge").tag))
        #expect(try await reader.revocations(head.revocations).blocks == origin.catalog.tierState().state.blocks)
        let tiers = try await reader.tiers(head.tiers).tiers
        #expect(tiers.map(\.name) == TierState.defaultTiers)
        let entry = try #require(tiers.last)
        let stable = try await reader.tier(entry.name, entry.document)
        #expect(stable.versions.map(\.version) == ["9.1"])
        let line = try #require(stable.versions.first)
        let version = try await reader.version(line.version, line.document)
        #expect(version.files == (try await origin.catalog.files(of: "9.1").map(\.file)))
        #expect(try await reader.head(unless: tag) == .unchanged)
        #expect(await reader.cost().documents == 5)
    }

    @Test func `what is at hand is not asked for again, and costs nothing`() async throws {
        let (upstream, reference) = try handing(RevocationsDocument(blocks: []), as: .revocations)
        let first = reader(upstream)
        _ = try await first.revocations(reference)
        #expect(await first.cost() == DocumentCost(documents: 1, bytes: reference.length))
        _ = try await first.revocations(reference)
        let second = reader(upstream)
        _ = try await second.revocations(reference)
        #expect(upstream.asked == [.revocations])
        #expect(await second.cost() == DocumentCost())
    }

    @Test func `no more is taken than was announced`() async throws {
        let (upstream, reference) = try handing(RevocationsDocument(blocks: []), as: .revocations)
        _ = try await reader(upstream).revocations(reference)
        #expect(upstream.limits == [reference.length])
    }

    @Test func `an upstream without tags is given one by its content`() async throws {
        let bytes = try DocumentCoding.encode(head())
        let answer = try await reader(HandedDocuments(head: bytes, tag: nil)).head(unless: nil)
        #expect(answer == .head(head(), tag: SHA256Digest(of: bytes).description))
    }

    // MARK: Heads that are refused

    private func head() -> Head {
        let reference = DocumentReference(of: [1])
        return Head(
            route: Route(origin: "origin"), tier: "edge", filters: FilterChain(), revocations: reference, tiers: reference)
    }

    private func expectMalformedHead(_ json: String, _ words: String, sourceLocation: SourceLocation = #_sourceLocation) async {
        await expectError(.upstreamMalformed, naming: [words, "head"], sourceLocation: sourceLocation) {
            try await reader(HandedDocuments(head: Array(json.utf8))).head(unless: nil)
        }
    }

    @Test func `a head that is none is refused with the reason`() async throws {
        let json = String(decoding: try DocumentCoding.encode(head()), as: UTF8.self)
        await expectMalformedHead("", "not JSON")
        await expectMalformedHead("<html>Log in here</html>", "not JSON")
        await expectMalformedHead("{}", "missing")
        await expectMalformedHead(json.replacing(#""tier":"edge""#, with: #""tier":"EDGE""#), "'EDGE' is not a tier's name")
        await expectMalformedHead(json.replacing(#"["origin"]"#, with: #"["origin","origin"]"#), "is not a route")
        await expectMalformedHead(json.replacing(#""length":1"#, with: #""length":"one""#), "length")
        await expectMalformedHead(json.replacing(#""length":1"#, with: #""length":1e30"#), "cannot be read")
        await expectMalformedHead(json + String(repeating: " ", count: 64 << 10), "larger than 65536 bytes")
    }

    @Test func `a later format asks for an upgrade`() async throws {
        let json = String(decoding: try DocumentCoding.encode(head()), as: UTF8.self).replacing(
            #""format":1"#, with: #""format":2"#)
        await expectError(.upstreamMalformed, naming: ["format 2", "Upgrade"]) {
            try await reader(HandedDocuments(head: Array(json.utf8))).head(unless: nil)
        }
    }

    @Test func `deeply nested JSON is refused and not followed to the end of the stack`() async throws {
        await expectMalformedHead(String(repeating: "[", count: 60_000), "cannot be read")
    }

    // MARK: Documents that are refused

    @Test func `a document other than the announced one means that the upstream has moved on, and is not kept`() async throws {
        let (upstream, reference) = try handing(TierListDocument(tiers: []), as: .tiers)
        let other = DocumentReference(length: reference.length, digest: SHA256Digest(of: [1]))
        await expectError(.upstreamMoving, naming: ["'tiers'"]) { try await reader(upstream).tiers(other) }
        let longer = DocumentReference(length: reference.length + 1, digest: reference.digest)
        await expectError(.upstreamMoving) { try await reader(upstream).tiers(longer) }
        #expect(try await cache.fetchedDocument(reference.digest) == nil)
        #expect(try await cache.fetchedDocument(other.digest) == nil)
    }

    @Test(arguments: [0, -1, .min, (256 << 20) + 1, .max] as [Int64])
    func `a document whose announced length is out of bounds is not asked for`(length: Int64) async throws {
        let upstream = HandedDocuments()
        await expectError(.upstreamMalformed, naming: ["\(length) bytes", "'patch 107.1'"]) {
            try await reader(upstream).version("107.1", DocumentReference(length: length, digest: SHA256Digest(of: [])))
        }
        #expect(upstream.asked.isEmpty)
    }

    @Test func `what cannot be read is not kept, whatever its digest`() async throws {
        let bytes = Array(#"{"blocks":[{"version":"x"}]}"#.utf8)
        let upstream = HandedDocuments(documents: [.revocations: bytes])
        await expectError(.upstreamMalformed, naming: ["'revocations'", "'x' is not a patch version"]) {
            try await reader(upstream).revocations(DocumentReference(of: bytes))
        }
        #expect(try await cache.fetchedDocument(DocumentReference(of: bytes).digest) == nil)
    }

    @Test func `a tier's document must be about that tier`() async throws {
        let (upstream, reference) = try handing(TierDocument(tier: "stable", versions: []), as: .tier("edge"))
        await expectError(.upstreamMalformed, naming: ["'edge'", "'stable'"]) {
            try await reader(upstream).tier("edge", reference)
        }
    }

    @Test func `a version's document must be about that version, in every line`() async throws {
        let (about, reference) = try handing(VersionDocument(version: "107.2", files: []), as: .version("107.1"))
        await expectError(.upstreamMalformed, naming: ["107.1", "describes patch 107.2"]) {
            try await reader(about).version("107.1", reference)
        }
        let stranger = file("livepatch-5.15.0-107.117-generic-9.1-amd64.tar.bz2")
        let (holding, line) = try handing(
            VersionDocument(version: "107.1", files: [file(generic), stranger]), as: .version("107.1"))
        await expectError(.upstreamMalformed, naming: ["another version"]) { try await reader(holding).version("107.1", line) }
    }

    @Test func `a version's document names each file once`() async throws {
        let (upstream, reference) = try handing(
            VersionDocument(version: "107.1", files: [file(generic), file(generic)]), as: .version("107.1"))
        await expectError(.upstreamMalformed, naming: ["twice"]) { try await reader(upstream).version("107.1", reference) }
    }

    @Test(arguments: [0, -1, (16 << 30) + 1, .max] as [Int64])
    func `a file's announced length has bounds`(length: Int64) async throws {
        let (upstream, reference) = try handing(
            VersionDocument(version: "107.1", files: [file(generic, length: length)]), as: .version("107.1"))
        await expectError(.upstreamMalformed, naming: ["length"]) { try await reader(upstream).version("107.1", reference) }
    }

    @Test func `what the upstream answers instead is passed on`() async throws {
        await expectError(.upstreamLacks) { try await reader(HandedDocuments()).tiers(DocumentReference(of: [1])) }
    }
}
