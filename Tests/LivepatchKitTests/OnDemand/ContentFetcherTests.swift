import LivepatchTesting
import Logging
import Synchronization
import Testing

@testable import LivepatchKit

@Suite("Content that is fetched when it is asked for") struct ContentFetcherTests {
    private typealias Turn = ScriptedUpstream.Turn

    private let clock = ManualClock()
    private let name: PatchFileName = "livepatch-5.15.0-107.117-generic-107.1-amd64.tar.bz2"

    /// A fetcher with an upstream that has some files, and what it fetches into.
    private struct Scene {
        let fetcher: ContentFetcher
        let upstream: ScriptedUpstream
        let storage: InMemoryPatchStorage
        let catalog: InMemoryCatalog

        var file: PatchFile { upstream.files[0] }
    }

    private func content(_ seed: UInt64, _ count: Int = 200_000) -> [UInt8] {
        var random = SeededGenerator(seed: seed)
        return (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &random) }
    }

    private func scene(
        _ turns: [Turn] = [], files: Int = 1, length: Int = 200_000, concurrency: Int = 2, attempts: Int = 1,
        storage: InMemoryPatchStorage = InMemoryPatchStorage(),
        through: (ScriptedUpstream) -> any UpstreamServer = { $0 }
    ) async throws -> Scene {
        let names = try (0..<files).map { index in
            try PatchFileName(parsing: "livepatch-5.15.0-\(107 + index).117-generic-107.1-amd64.tar.bz2")
        }
        let upstream = ScriptedUpstream(
            Dictionary(uniqueKeysWithValues: names.enumerated().map { ($1, content(UInt64($0), length)) }), clock: clock,
            turns: [name: turns])
        let transfers = Transfers(
            upstream: through(upstream), storage: storage,
            settings: .init(
                concurrency: concurrency, retry: RetryPolicy(attempts: attempts, base: .seconds(1)),
                bandwidth: BandwidthLimiter(bytesPerSecond: nil)), clock: clock, jitter: { 0.5 })
        let catalog = InMemoryCatalog(InMemoryDatabase())
        let fetcher = ContentFetcher(
            transfers: transfers, storage: storage, catalog: catalog, settings: .init(concurrency: concurrency),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, clock: clock)
        return Scene(fetcher: fetcher, upstream: upstream, storage: storage, catalog: catalog)
    }

    /// What somebody gets who asks; `nil` if it is broken off.
    private static func take(_ file: PatchFile, _ fetcher: ContentFetcher) async throws -> [UInt8] {
        var pieces = try await fetcher.arrival(of: file).pieces()
        var bytes: [UInt8] = []
        while let piece = try await pieces.next() { bytes += piece }
        return bytes
    }

    private func error(_ body: () async throws -> Void) async -> LivepatchError? {
        do {
            try await body()
            return nil
        } catch { return error as? LivepatchError }
    }

    @Test func `however many ask, the upstream is asked once, and all of them get all of it`() async throws {
        let scene = try await scene()
        let answers = try await withThrowingTaskGroup(of: [UInt8].self) { group in
            for _ in 0..<50 { group.addTask { try await Self.take(scene.file, scene.fetcher) } }
            return try await group.reduce(into: [[UInt8]]()) { $0.append($1) }
        }
        #expect(answers.count == 50 && answers.allSatisfy { $0 == content(0) })
        #expect(scene.upstream.offsets(of: name) == [0])
        #expect(try await scene.storage.length(of: scene.file.digest) == scene.file.length)
        let tally = await scene.fetcher.tally
        #expect(tally.fetched == 1 && tally.failed == 0 && tally.bytes == scene.file.length && tally.requests == 50)
    }

    @Test func `what proves false is whole for nobody, and is not kept`() async throws {
        let scene = try await scene([.falsify])
        var pieces = try await scene.fetcher.arrival(of: scene.file).pieces()
        var bytes: [UInt8] = []
        let failure = await error { while let piece = try await pieces.next() { bytes += piece } }
        #expect(failure?.code == .contentNotFetched && failure?.retryAfter == .seconds(5))
        #expect(Int64(bytes.count) <= scene.file.length - ContentArrival.reserve)
        #expect(try await scene.storage.length(of: scene.file.digest) == nil)
        #expect(try await scene.storage.stagedBytes() == 0)
    }

    @Test func `short content is held back whole until it is verified`() async throws {
        let scene = try await scene([.falsify], length: 1000)
        var pieces = try await scene.fetcher.arrival(of: scene.file).pieces()
        let failure = await error { _ = try await pieces.next() }
        #expect(failure?.code == .contentNotFetched)
    }

    @Test func `who was given something false gets no more, though what comes then is right`() async throws {
        let (gate, opening) = AsyncStream<Void>.makeStream()
        let (anew, beginning) = AsyncStream<Void>.makeStream()
        let passed = Mutex(0)
        let scene = try await scene(attempts: 2) { upstream in
            ProbedUpstream(
                upstream,
                probe: { step in
                    // The first attempt does not end before somebody has taken some of it.
                    if case .content = step, passed.withLock({ $0 }) == 1 { beginning.finish() }
                    guard case .chunk(_, let offset) = step, offset == 150_000 else { return }
                    let count = passed.withLock { count in
                        count += 1
                        return count
                    }
                    if count == 1 { for await _ in gate {} }
                },
                falsify: { _, chunk in passed.withLock { $0 } == 0 ? chunk.map { $0 ^ 1 } : chunk })
        }
        try await clock.passingTime {
            var early = try await scene.fetcher.arrival(of: scene.file).pieces()
            let first = try #require(try await early.next())
            #expect(first != Array(content(0).prefix(first.count)), "it is false")
            opening.finish()
            for await _ in anew {}
            let late = try await Self.take(scene.file, scene.fetcher)
            #expect(late == content(0))
            let failure = await error { while try await early.next() != nil {} }
            #expect(failure?.code == .digestMismatch)
        }
        #expect(try await scene.storage.length(of: scene.file.digest) == scene.file.length)
    }

    @Test func `what breaks off is broken off for those who wait, and goes on where it was`() async throws {
        let scene = try await scene([.truncate(after: 150_000), .serve])
        #expect(await error { _ = try await Self.take(scene.file, scene.fetcher) }?.code == .contentNotFetched)
        clock.advance(by: .seconds(5))
        #expect(try await Self.take(scene.file, scene.fetcher) == content(0))
        #expect(scene.upstream.offsets(of: name) == [0, 150_000])
    }

    @Test func `a break is mended behind the back of those who wait`() async throws {
        let scene = try await scene([.breakOff(after: 100_000, .upstreamUnreachable)], attempts: 3)
        let answer = try await clock.passingTime { try await Self.take(scene.file, scene.fetcher) }
        #expect(answer == content(0))
        #expect(scene.upstream.offsets(of: name) == [0, 100_000])
    }

    @Test func `an upstream that sends everything again is taken at its word, byte by byte`() async throws {
        let scene = try await scene([.breakOff(after: 100_000, .upstreamFailed), .ignoreRange], attempts: 3)
        let answer = try await clock.passingTime { try await Self.take(scene.file, scene.fetcher) }
        #expect(answer == content(0))
    }

    @Test func `while the upstream is away nobody asks it again and again, and when it is back all goes on`() async throws {
        let scene = try await scene([.fail(.upstreamUnreachable)], files: 2)
        let first = await error { _ = try await Self.take(scene.file, scene.fetcher) }
        #expect(first?.code == .contentNotFetched && first?.retryAfter == .seconds(5))
        #expect(first?.message.contains("upstream-unreachable") == true && first?.suggestion != nil)
        clock.advance(by: .seconds(2))
        for file in scene.upstream.files {
            let again = await error { _ = try await Self.take(file, scene.fetcher) }
            #expect(again?.code == .contentNotFetched && again?.retryAfter == .seconds(3))
        }
        #expect(scene.upstream.requests.count == 1)
        clock.advance(by: .seconds(3))
        for file in scene.upstream.files { #expect(try await Self.take(file, scene.fetcher).count == 200_000) }
    }

    @Test func `what one file lacks is no matter to others`() async throws {
        let scene = try await scene([.fail(.upstreamLacks)], files: 2)
        #expect(await error { _ = try await Self.take(scene.file, scene.fetcher) }?.code == .contentNotFetched)
        #expect(try await Self.take(scene.upstream.files[1], scene.fetcher) == content(1))
    }

    @Test func `the patience that the upstream asks for is passed on`() async throws {
        let scene = try await scene([.busy(retryAfter: .seconds(17))], attempts: 3)
        let failure = await error { _ = try await Self.take(scene.file, scene.fetcher) }
        #expect(failure?.code == .contentNotFetched && failure?.retryAfter == .seconds(17))
        #expect(scene.upstream.requests.count == 1)
    }

    @Test func `who leaves stops it for nobody`() async throws {
        let (gate, opening) = AsyncStream<Void>.makeStream()
        let scene = try await scene { upstream in
            ProbedUpstream(
                upstream,
                probe: { step in if case .chunk(_, let offset) = step, offset == 150_000 { for await _ in gate {} } })
        }
        let arrival = try await scene.fetcher.arrival(of: scene.file)
        let leaving = Task { try await Self.take(scene.file, scene.fetcher) }
        try await arrival.begin()
        leaving.cancel()
        await #expect(throws: CancellationError.self) { try await leaving.value }
        let staying = Task { try await Self.take(scene.file, scene.fetcher) }
        opening.finish()
        #expect(try await staying.value == content(0))
        #expect(scene.upstream.offsets(of: name) == [0])
    }

    @Test func `only so many are fetched at a time, and who is waited for goes first`() async throws {
        let (gate, opening) = AsyncStream<Void>.makeStream()
        let scene = try await scene(files: 12, concurrency: 3) { upstream in
            // Nothing comes before all have asked.
            ProbedUpstream(
                upstream, probe: { step in if case .chunk(_, let offset) = step, offset == 0 { for await _ in gate {} } })
        }
        var arrivals: [ContentArrival] = []
        for file in scene.upstream.files.prefix(11) {
            arrivals.append(try await scene.fetcher.arrival(of: file, urgency: .ahead))
        }
        let waited = scene.upstream.files[11]
        arrivals.append(try await scene.fetcher.arrival(of: waited))
        opening.finish()
        for arrival in arrivals { try await arrival.end() }
        #expect(scene.upstream.mostUnderWay <= 3)
        let order = scene.upstream.requests.map(\.file)
        #expect(order.prefix(3).contains(waited.name) && order.count == 12, "\(order)")
    }

    @Test func `what must not be given any more is not given to its end`() async throws {
        let scene = try await scene()
        var pieces = try await scene.fetcher.arrival(of: scene.file).pieces {
            throw LivepatchError(.notFound, "It has been blocked.")
        }
        var count = 0
        let failure = await error { while let piece = try await pieces.next() { count += piece.count } }
        #expect(failure?.code == .notFound)
        #expect(count < scene.file.length)
    }

    @Test func `a full disk is named, loses nothing, and can be mended`() async throws {
        let scene = try await scene(storage: InMemoryPatchStorage(capacity: 120_000))
        let failure = await error { _ = try await Self.take(scene.file, scene.fetcher) }
        #expect(failure?.code == .storageFull && failure?.retryAfter == .seconds(5))
        #expect(try await scene.storage.stagedBytes() == 120_000)
        scene.storage.capacity = nil
        clock.advance(by: .seconds(5))
        #expect(try await Self.take(scene.file, scene.fetcher) == content(0))
        #expect(scene.upstream.offsets(of: name) == [0, 120_000])
    }

    @Test func `what was left by a process that was killed is gone on with`() async throws {
        let scene = try await scene()
        let staged = try await scene.storage.stage(scene.file.digest, length: scene.file.length)
        try await staged.append(Array(content(0).prefix(130_000)))
        await staged.close()
        #expect(try await Self.take(scene.file, scene.fetcher) == content(0))
        #expect(scene.upstream.offsets(of: name) == [130_000])
    }

    @Test func `who closes it ends what is under way, for all who wait`() async throws {
        let scene = try await scene([.stall(after: 1000)])
        let arrival = try await scene.fetcher.arrival(of: scene.file)
        await clock.sleepers(atLeast: 1)
        await scene.fetcher.close()
        #expect(await error { try await arrival.end() }?.code == .unavailable)
        #expect(await error { _ = try await Self.take(scene.file, scene.fetcher) }?.code == .unavailable)
        #expect(try await scene.storage.stagedBytes() == 1000)
    }
}
