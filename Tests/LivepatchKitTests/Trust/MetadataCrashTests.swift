import FoundationEssentials
import LivepatchKit
import LivepatchTesting
import Synchronization
import TUF
import Testing

@Suite struct MetadataCrashTests {
    private struct Crash: Error {}

    /// Lets a process do a number of steps, and none after that.
    private final class Fuse: Sendable {
        private let left: Mutex<Int>

        init(_ steps: Int) { left = Mutex(steps) }

        func step() throws {
            try left.withLock { left in
                guard left > 0 else { throw Crash() }
                left -= 1
            }
        }
    }

    private func light(_ fuse: Fuse?, _ server: InProcessServer) {
        for repository in [MetadataRepository.origin("origin")] + TierState.defaultTiers.map({ .view($0) }) {
            server.trust.files(of: repository).probe { _ in try fuse?.step() }
        }
    }

    /// A client that sees what lies there, whoever put it there.
    private func client(_ server: InProcessServer, _ repository: MetadataRepository, _ clock: ManualClock) async throws
        -> MetadataClient
    {
        try await MetadataClient(at: clock) { server.trust.files(of: repository).files[$0] }
    }

    @Test func `after a crash between any two writes a repository is as before or as after, and publishing again continues`()
        async throws
    {
        var steps = 0
        var crashes = 0
        while true {
            let signing = try await SigningServer()
            let (server, clock) = (signing.server, signing.clock)
            _ = try await signing.head("edge")
            let repositories = [MetadataRepository.origin("origin")] + TierState.defaultTiers.map { .view($0) }
            var clients: [MetadataClient] = []
            for repository in repositories {
                clients.append(try await client(server, repository, clock))
                try await clients.last?.refresh()
            }
            clock.advance(by: .seconds(2 * 3600))
            try await signing.release("108.1")
            try await server.administer(.promote(version: "107.1", tier: "stable"))
            try await server.administer(.block(version: "107.2", reason: "it crashes"))
            light(Fuse(steps), server)
            do {
                _ = try await server.publisher.head(for: "edge")
                break
            } catch is Crash {
                crashes += 1
            }
            for (repository, client) in zip(repositories, clients) {
                try await client.refresh()
                try await self.client(server, repository, clock).refresh()
            }
            light(nil, server)
            let restarted = SigningServer(try await server.restarted(), clock)
            #expect(try await restarted.head("edge").metadata?.views.count == 4)
            for client in clients {
                // Delegated roles come from the publisher in the end.
                try await client.refresh()
            }
            #expect(try await restarted.view("stable").target("107.1") != nil)
            #expect(try await restarted.view("edge").target("107.2") == nil)
            #expect(try await restarted.origin().target("108.1") != nil)
            steps += 1
        }
        #expect(crashes > 15, "five repositories were published with \(crashes) steps")
    }

    @Test func `a crash while the very first repository is published leaves nothing that anybody has to be told of`() async throws
    {
        var steps = 0
        while true {
            let signing = try await SigningServer()
            light(Fuse(steps), signing.server)
            do {
                _ = try await signing.head("edge")
                break
            } catch is Crash {}
            light(nil, signing.server)
            let restarted = SigningServer(try await signing.server.restarted(), signing.clock)
            #expect(try await restarted.view("edge").target("107.2") != nil)
            #expect(try await restarted.origin().refresh().versions["root"] == 1)
            steps += 1
        }
        #expect(steps > 20)
    }

    @Test func `a crash after the catalogue has a document leads to the same document`() async throws {
        let signing = try await SigningServer()
        light(Fuse(0), signing.server)
        await #expect(throws: Crash.self) { try await signing.head("edge") }
        let document = try #require(try await signing.server.catalog.versionDocument("107.1"))
        light(nil, signing.server)
        signing.clock.advance(by: .seconds(60))
        #expect(try await signing.origin().target("107.1") != nil)
        #expect(try await signing.server.catalog.versionDocument("107.1") == document)
    }

    @Test(arguments: [".snapshot.json", ".targets.json", ".tier-stable.json", "timestamp.json"], [false, true])
    func `a damaged or lost file of ours is made anew`(suffix: String, isLost: Bool) async throws {
        let signing = try await SigningServer()
        let client = try await signing.view("edge")
        try await client.refresh()
        for tier in TierState.defaultTiers {
            let files = signing.server.trust.files(of: .view(tier))
            for name in files.files.keys where name.hasSuffix(suffix) {
                files.files[name] = isLost ? nil : Array("damaged".utf8)
            }
        }
        signing.clock.advance(by: .seconds(60))
        let restarted = SigningServer(try await signing.server.restarted(), signing.clock)
        #expect(try await restarted.view("edge").target("107.2") != nil)
        #expect(try await restarted.view("stable").target("9.1") != nil)
        let again = client.reading {
            try await restarted.server.publisher.metadata(MetadataFile($0, of: .view("edge")), for: "edge")
        }
        #expect(try await again.target("9.1") != nil)
    }

    @Test func `a view is of one moment, even when the catalogue changes while it is signed`() async throws {
        let signing = try await SigningServer()
        let server = signing.server
        let catalog = OvertakenCatalog(server.catalog, at: .versions) {
            try await server.administer(.withdraw(version: "9.1", tier: "beta"))
            try await signing.release("107.1", flavour: "aws")
        }
        let tiers = TierStateCache(catalog: catalog)
        let publisher = PlainDocumentPublisher(
            catalog: catalog, tiers: tiers,
            metadata: MetadataPublisher(
                catalog: catalog, tiers: tiers, storage: server.trust, keys: server.keys, place: { .top },
                now: { signing.clock.date }))
        let head = try DocumentCoding.decode(Head.self, from: try await publisher.head(for: "beta").bytes)
        #expect(catalog.attempts >= 2)
        let client = try await MetadataClient(at: signing.clock) {
            try await publisher.metadata(MetadataFile($0, of: .view("beta")), for: "beta")
        }
        #expect(try await client.target("9.1") == nil)
        #expect(try await client.target("107.1", flavour: "aws") != nil)
        let plain = try #require(try await publisher.document(.tier("beta"), for: "beta"))
        #expect(try DocumentCoding.decode(TierDocument.self, from: plain.bytes).versions.map(\.version) == ["107.1"])
        let timestamp = try await publisher.metadata(MetadataFile(MetadataFile.timestamp, of: .view("beta")), for: "beta")
        #expect(head.metadata?.views.first?.timestamp == timestamp.map { DocumentReference(of: $0) })
    }

    @Test func `questions at the same time have one answer`() async throws {
        let signing = try await SigningServer()
        let publisher = signing.server.publisher
        let heads = try await withThrowingTaskGroup(of: PublishedDocument.self) { group in
            for _ in 0..<20 { group.addTask { try await publisher.head(for: "edge") } }
            return try await group.reduce(into: Set<PublishedDocument>()) { $0.insert($1) }
        }
        #expect(heads.count == 1)
    }
}
