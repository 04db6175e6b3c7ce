import FoundationEssentials
import LivepatchKit
import LivepatchTesting
import Synchronization
import Testing

@Suite("Announcing changes of a view") struct ViewWatchTests {
    private let server: InProcessServer
    private let watch: ViewWatch

    /// All tiers hold 9.1, edge 107.1, too.
    init() async throws {
        server = try await InProcessServer(id: "origin")
        for version in ["9.1", "107.1"] { try await server.release(version) }
        try await server.administer(.promote(version: "9.1", tier: "stable"))
        watch = ViewWatch(publisher: server.publisher, news: { [catalog = server.catalog] in catalog.changes() })
    }

    private func tag(_ tier: TierName) async throws -> String { try await server.publisher.head(for: tier).tag }

    private func next(_ tags: AsyncStream<String>) async -> String? { await tags.first { _ in true } }

    /// Does something while changes are announced.
    private func running(_ body: () async throws -> Void) async throws {
        let run = Task { await watch.run() }
        defer { run.cancel() }
        try await body()
    }

    @Test func `a listener hears the head of now, and the next one as soon as the view has changed`() async throws {
        try await running {
            let tags = try await watch.tags(of: "stable")
            #expect(try await tag("stable") == next(tags))
            try await server.administer(.promote(version: "107.1", tier: "stable"))
            let second = await next(tags)
            #expect(try await tag("stable") == second)
            try await server.administer(.block(version: "107.1", reason: "crashes"))
            let third = await next(tags)
            #expect(try await tag("stable") == third && third != second)
        }
    }

    @Test func `each change is looked up once for a tier, however many listen`() async throws {
        let counting = CountingPublisher(server.publisher)
        let watch = ViewWatch(publisher: counting, news: { AsyncStream { $0.finish() } })
        var streams: [AsyncStream<String>] = []
        for _ in 0..<100 { streams.append(try await watch.tags(of: "edge")) }
        let asked = await counting.heads
        await watch.beat()
        #expect(await counting.heads == asked + 1)
        #expect(await watch.listeners == 100)
        for stream in streams { #expect(await next(stream) == (try await tag("edge"))) }
    }

    @Test func `what listeners will ask for is prepared before they hear of a change, and not before there is one`() async throws
    {
        let prepared = Mutex<[TierName]>([])
        let watch = ViewWatch(
            publisher: server.publisher, news: { AsyncStream { $0.finish() } },
            prepare: { tier in prepared.withLock { $0.append(tier) } })
        let listener = Noting { prepared.withLock { $0.count } }
        let listening = try await watch.tell(listener, of: "stable")
        await watch.beat()
        #expect(prepared.withLock { $0 } == [] && listener.heard.withLock { Set($0) } == [0])
        try await server.administer(.promote(version: "107.1", tier: "stable"))
        await watch.beat()
        #expect(prepared.withLock { $0 } == ["stable"] && listener.heard.withLock { $0.last } == 1)
        withExtendedLifetime(listening) {}
    }

    @Test func `a beat repeats the tag, and notices what nobody told of`() async throws {
        let watch = ViewWatch(publisher: server.publisher, news: { AsyncStream { $0.finish() } })
        let tags = try await watch.tags(of: "edge")
        let first = await next(tags)
        await watch.beat()
        #expect(await next(tags) == first)
        try await server.release("108.1")
        await watch.beat()
        let second = await next(tags)
        #expect(try await second == tag("edge") && second != first)
    }

    @Test func `a slow listener hears the newest only`() async throws {
        let watch = ViewWatch(publisher: server.publisher, news: { AsyncStream { $0.finish() } })
        let tags = try await watch.tags(of: "edge")
        for version in ["108.1", "109.1", "110.1"] {
            try await server.release(version)
            await watch.beat()
        }
        #expect(await next(tags) == (try await tag("edge")))
    }

    @Test func `who stops listening costs nothing any more`() async throws {
        let listening = Task {
            for await _ in try await watch.tags(of: "edge") {}
        }
        try await eventually { await watch.listeners == 1 }
        listening.cancel()
        try await eventually { await watch.listeners == 0 }
    }

    @Test func `a tier that is gone ends its streams, and closing all of them`() async throws {
        let gone = try await watch.tags(of: "candidate")
        let staying = try await watch.tags(of: "edge")
        try await server.administer(.removeTier(name: "candidate", force: true))
        await watch.beat()
        var heard: [String] = []
        for await tag in gone { heard.append(tag) }
        #expect(heard.count <= 1, "the tag of before, at most")
        await watch.close()
        var rest = 0
        for await _ in staying { rest += 1 }
        #expect(rest <= 1)
        let error = await #expect(throws: LivepatchError.self) { try await watch.tags(of: "edge") }
        #expect(error?.code == .unavailable)
        await #expect(throws: LivepatchError.self) { try await watch.tags(of: "no-such-tier") }
    }
}

extension InProcessServer {
    fileprivate func release(_ version: String) async throws {
        try await release("livepatch-5.15.0-107.117-generic-\(version)-amd64.tar.bz2", Array(version.utf8))
    }
}

/// Counts the questions for heads.
private actor CountingPublisher: DocumentPublisher {
    private let publisher: any DocumentPublisher
    private(set) var heads = 0

    init(_ publisher: any DocumentPublisher) { self.publisher = publisher }

    func head(for tier: TierName) async throws -> PublishedDocument {
        heads += 1
        return try await publisher.head(for: tier)
    }

    func document(_ name: DocumentName, for tier: TierName) async throws -> PublishedDocument? {
        try await publisher.document(name, for: tier)
    }

    func metadata(_ file: MetadataFile, for tier: TierName) async throws -> [UInt8]? {
        try await publisher.metadata(file, for: tier)
    }
}

/// Notes what is so whenever it hears something.
private final class Noting: ViewListener {
    let heard = Mutex<[Int]>([])
    private let look: @Sendable () -> Int

    init(_ look: @escaping @Sendable () -> Int) { self.look = look }

    func hear(_ tag: String) { heard.withLock { $0.append(look()) } }

    func end() {}
}
