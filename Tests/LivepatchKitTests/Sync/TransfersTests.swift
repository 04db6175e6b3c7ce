import LivepatchKit
import LivepatchTesting
import Synchronization
import Testing

@Suite struct TransfersTests {
    private typealias Turn = ScriptedUpstream.Turn

    /// What a run told.
    private final class Events: Sendable {
        private let all = Mutex<[Transfers.Event]>([])

        func note(_ event: Transfers.Event) { all.withLock { $0.append(event) } }

        var done: [PatchFileName] {
            all.withLock { $0.compactMap { if case .done(let file) = $0 { file.name } else { nil } } }.sorted()
        }
        var failed: [PatchFileName: LivepatchError.Code] {
            all.withLock { events in
                events.reduce(into: [:]) { if case .failed(let file, let error) = $1 { $0[file.name] = error.code } }
            }
        }
        /// All bytes that are here, and those of them that were fetched.
        var bytes: Int64 { all.withLock { $0.reduce(0) { if case .bytes(let count, _) = $1 { $0 + count } else { $0 } } } }
        var fetched: Int64 {
            all.withLock { $0.reduce(0) { if case .bytes(let count, true) = $1 { $0 + count } else { $0 } } }
        }
    }

    private let clock = ManualClock()
    private let events = Events()
    private let a: PatchFileName = "livepatch-5.15.0-107.117-generic-107.1-amd64.tar.bz2"
    private let b: PatchFileName = "livepatch-5.15.0-108.118-generic-107.1-amd64.tar.bz2"
    private let c: PatchFileName = "livepatch-5.15.0-109.119-generic-107.1-amd64.tar.bz2"

    private func content(_ seed: UInt64, _ count: Int = 1_000) -> [UInt8] {
        var random = SeededGenerator(seed: seed)
        return (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &random) }
    }

    private func upstream(_ turns: [PatchFileName: [Turn]], files: [PatchFileName]? = nil) -> ScriptedUpstream {
        let names = files ?? [a, b, c]
        return ScriptedUpstream(
            Dictionary(uniqueKeysWithValues: names.enumerated().map { ($1, content(UInt64($0) + 1)) }), clock: clock, turns: turns
        )
    }

    private func transfers(
        _ upstream: any UpstreamServer, _ storage: InMemoryPatchStorage, concurrency: Int = 2, attempts: Int = 4,
        bandwidth: Int64? = nil, unreachableLimit: Int = 24
    ) -> Transfers {
        Transfers(
            upstream: upstream, storage: storage,
            settings: .init(
                concurrency: concurrency,
                retry: RetryPolicy(attempts: attempts, base: .seconds(1), maximum: .seconds(10), patience: .seconds(100)),
                bandwidth: BandwidthLimiter(bytesPerSecond: bandwidth, clock: clock), unreachableLimit: unreachableLimit),
            clock: clock, jitter: { 0.5 })
    }

    /// Runs transfers of all of an upstream's files while time passes.
    private func run(_ transfers: Transfers, _ files: [PatchFile]) async throws {
        let events = events
        let handed = Mutex(false)
        try await clock.passingTime {
            try await transfers.run(
                next: {
                    handed.withLock { handed in
                        defer { handed = true }
                        return handed ? [] : files
                    }
                }, report: { events.note($0) })
        }
    }

    private func expectHeld(
        _ upstream: ScriptedUpstream, _ names: [PatchFileName], _ storage: InMemoryPatchStorage,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        for file in upstream.files {
            let length = try await storage.length(of: file.digest)
            #expect(length == (names.contains(file.name) ? file.length : nil), "\(file.name)", sourceLocation: sourceLocation)
        }
    }

    // MARK: All is well

    @Test func `everything arrives, once, and is told`() async throws {
        let upstream = upstream([:])
        let storage = InMemoryPatchStorage()
        try await run(transfers(upstream, storage), upstream.files)
        try await expectHeld(upstream, [a, b, c], storage)
        #expect(events.done == [a, b, c])
        #expect(events.failed == [:])
        #expect(events.bytes == 3_000)
        #expect(events.fetched == 3_000)
        #expect(upstream.requests.count == 3)
        #expect(clock.sleeps.isEmpty)
    }

    @Test func `nothing to fetch is done at once`() async throws {
        try await run(transfers(upstream([:]), InMemoryPatchStorage()), [])
        #expect(events.done.isEmpty)
    }

    @Test(arguments: [1, 2, 5]) func `never more than so many at a time`(concurrency: Int) async throws {
        let names = try (0..<20).map { try PatchFileName(parsing: "livepatch-5.15.0-\($0).1-generic-107.1-amd64.tar.bz2") }
        let upstream = upstream([:], files: names)
        try await run(transfers(upstream, InMemoryPatchStorage(), concurrency: concurrency), upstream.files)
        #expect(upstream.mostUnderWay <= concurrency)
        #expect(events.done.count == 20)
    }

    @Test func `one at a time, files are fetched in the order in which they were given`() async throws {
        let upstream = upstream([:])
        try await run(transfers(upstream, InMemoryPatchStorage(), concurrency: 1), upstream.files.reversed())
        #expect(upstream.requests.map(\.file) == [c, b, a])
    }

    @Test func `the bandwidth is one for all`() async throws {
        let upstream = upstream([:])
        try await run(transfers(upstream, InMemoryPatchStorage(), concurrency: 3, bandwidth: 500), upstream.files)
        #expect(clock.now.offset >= .seconds(5), "3,000 bytes at 500 a second, less one second's worth")
        #expect(events.done.count == 3)
    }

    // MARK: Resuming

    @Test func `what lies in the staging area is not fetched again`() async throws {
        let upstream = upstream([:], files: [a])
        let storage = InMemoryPatchStorage()
        let file = upstream.files[0]
        let staged = try await storage.stage(file.digest, length: file.length)
        try await staged.append(Array(content(1).prefix(370)))
        await staged.close()
        try await run(transfers(upstream, storage), upstream.files)
        #expect(upstream.offsets(of: a) == [370])
        #expect(upstream.sent(a) == 630)
        #expect(events.bytes == 1_000)
        #expect(events.fetched == 630)
        try await expectHeld(upstream, [a], storage)
    }

    @Test func `what lies there whole is not asked for at all`() async throws {
        let upstream = upstream([:], files: [a])
        let storage = InMemoryPatchStorage()
        let staged = try await storage.stage(upstream.files[0].digest, length: 1_000)
        try await staged.append(content(1))
        await staged.close()
        try await run(transfers(upstream, storage), upstream.files)
        #expect(upstream.requests.isEmpty)
        try await expectHeld(upstream, [a], storage)
    }

    @Test func `what lies there and is wrong is thrown away, and fetched from the beginning`() async throws {
        let upstream = upstream([:], files: [a])
        let storage = InMemoryPatchStorage()
        let staged = try await storage.stage(upstream.files[0].digest, length: 1_000)
        try await staged.append(content(99, 400))
        await staged.close()
        try await run(transfers(upstream, storage), upstream.files)
        #expect(upstream.offsets(of: a) == [400, 0])
        #expect(events.bytes == 1_000)
        try await expectHeld(upstream, [a], storage)
    }

    @Test func `an upstream that does not resume sends all of it, and that is taken`() async throws {
        let upstream = upstream([a: [.truncate(after: 300), .ignoreRange]], files: [a])
        let storage = InMemoryPatchStorage()
        try await run(transfers(upstream, storage), upstream.files)
        #expect(upstream.offsets(of: a) == [0, 300])
        #expect(upstream.sent(a) == 1_300)
        #expect(events.bytes == 1_000)
        #expect(events.fetched == 1_300)
        try await expectHeld(upstream, [a], storage)
    }

    @Test func `an upstream that begins somewhere else is refused`() async throws {
        let upstream = upstream([a: [.truncate(after: 300), .beginAt(200)]], files: [a])
        try await run(transfers(upstream, InMemoryPatchStorage()), upstream.files)
        #expect(events.failed == [a: .upstreamMalformed])
    }

    @Test(
        arguments: [
            [.truncate(after: 350)], [.breakOff(after: 350, .upstreamUnreachable)], [.breakOff(after: 999, .upstreamTimeout)],
            [.truncate(after: 0), .truncate(after: 400), .breakOff(after: 100, .upstreamFailed)],
        ] as [[ScriptedUpstream.Turn]])
    func `after an interruption no byte is fetched twice`(turns: [ScriptedUpstream.Turn]) async throws {
        let upstream = upstream([a: turns], files: [a])
        let storage = InMemoryPatchStorage()
        try await run(transfers(upstream, storage), upstream.files)
        #expect(upstream.sent(a) == 1_000)
        #expect(upstream.requests.count == turns.count + 1)
        #expect(events.fetched == 1_000)
        #expect(events.bytes == 1_000)
        try await expectHeld(upstream, [a], storage)
    }

    @Test func `what one run could not finish the next one goes on with`() async throws {
        let upstream = upstream([a: [.truncate(after: 600)]], files: [a])
        let storage = InMemoryPatchStorage()
        try await run(transfers(upstream, storage, attempts: 1), upstream.files)
        #expect(events.failed == [a: .upstreamUnreachable])
        #expect(events.bytes == 0, "a failed attempt takes back what it told")
        try await run(transfers(upstream, storage, attempts: 1), upstream.files)
        #expect(upstream.offsets(of: a) == [0, 600])
        #expect(events.fetched == 1_000)
        try await expectHeld(upstream, [a], storage)
    }

    // MARK: Wrong content

    @Test func `wrong content is thrown away and fetched again from the beginning`() async throws {
        let upstream = upstream([a: [.falsify]])
        let storage = InMemoryPatchStorage()
        try await run(transfers(upstream, storage), upstream.files)
        #expect(upstream.offsets(of: a) == [0, 0])
        #expect(events.failed == [:])
        #expect(events.bytes == 3_000)
        try await expectHeld(upstream, [a, b, c], storage)
    }

    @Test func `content that stays wrong is given up, and nothing of it stays`() async throws {
        let upstream = upstream([a: Array(repeating: .falsify, count: 10)])
        let storage = InMemoryPatchStorage()
        try await run(transfers(upstream, storage), upstream.files)
        #expect(upstream.offsets(of: a) == [0, 0, 0, 0])
        #expect(events.failed == [a: .digestMismatch])
        #expect(events.done == [b, c])
        #expect(events.bytes == 2_000)
        #expect(try await storage.stagedBytes() == 0)
        try await expectHeld(upstream, [b, c], storage)
    }

    @Test(arguments: [1, 100, 5_000]) func `more than was announced is refused, and nothing of it stays`(excess: Int) async throws
    {
        let upstream = upstream([a: Array(repeating: .excess(excess), count: 10)], files: [a])
        let storage = InMemoryPatchStorage()
        try await run(transfers(upstream, storage, attempts: 3), upstream.files)
        #expect(events.failed == [a: .lengthMismatch])
        #expect(upstream.sent(a) <= 3 * (1_000 + ScriptedUpstream.chunkSize), "it stops reading when it is too much")
        #expect(try await storage.stagedBytes() == 0)
        #expect(try await storage.length(of: upstream.files[0].digest) == nil)
    }

    // MARK: Trying again, and not

    @Test(arguments: [.upstreamUnreachable, .upstreamTimeout, .upstreamFailed] as [LivepatchError.Code])
    func `what may pass is tried again, ever later`(code: LivepatchError.Code) async throws {
        let upstream = upstream([a: Array(repeating: .fail(code), count: 3)], files: [a])
        try await run(transfers(upstream, InMemoryPatchStorage()), upstream.files)
        #expect(events.done == [a])
        #expect(upstream.requests.map(\.time) == [.zero, .milliseconds(500), .milliseconds(1_500), .milliseconds(3_500)])
    }

    @Test func `what does not end is given up after its attempts, and the rest arrives`() async throws {
        let upstream = upstream([b: Array(repeating: .fail(.upstreamFailed), count: 10)])
        let storage = InMemoryPatchStorage()
        try await run(transfers(upstream, storage), upstream.files)
        #expect(events.failed == [b: .upstreamFailed])
        #expect(upstream.offsets(of: b).count == 4)
        try await expectHeld(upstream, [a, c], storage)
    }

    @Test(arguments: [.upstreamLacks, .upstreamMalformed] as [LivepatchError.Code])
    func `what will not pass is not tried again, and the rest arrives`(code: LivepatchError.Code) async throws {
        let upstream = upstream([b: [.fail(code)]])
        let storage = InMemoryPatchStorage()
        try await run(transfers(upstream, storage), upstream.files)
        #expect(events.failed == [b: code])
        #expect(upstream.offsets(of: b) == [0])
        #expect(clock.sleeps.isEmpty)
        try await expectHeld(upstream, [a, c], storage)
    }

    @Test func `an upstream that asks for patience is left alone for that long, by all transfers`() async throws {
        let upstream = upstream([a: [.busy(retryAfter: .seconds(60))]])
        try await run(transfers(upstream, InMemoryPatchStorage(), concurrency: 1), upstream.files)
        #expect(upstream.requests.first?.time == .zero)
        #expect(upstream.requests.dropFirst().allSatisfy { $0.time >= .seconds(60) }, "\(upstream.requests)")
        #expect(events.done == [a, b, c])
    }

    @Test func `an upstream that is busy and does not say for how long is tried like one that failed`() async throws {
        let upstream = upstream([a: [.busy(retryAfter: nil)]], files: [a])
        try await run(transfers(upstream, InMemoryPatchStorage()), upstream.files)
        #expect(upstream.requests.map(\.time) == [.zero, .milliseconds(500)])
    }

    @Test func `more patience than there is means giving up that file`() async throws {
        let upstream = upstream([a: [.busy(retryAfter: .seconds(101))]])
        try await run(transfers(upstream, InMemoryPatchStorage()), upstream.files)
        #expect(events.failed == [a: .upstreamFailed])
        #expect(events.done == [b, c])
    }

    // MARK: Giving up altogether

    @Test(arguments: [.upstreamRefusedToken, .cancelled] as [LivepatchError.Code])
    func `what makes all further transfers pointless ends them`(code: LivepatchError.Code) async throws {
        let upstream = upstream([a: [.fail(code)]])
        await expectError(code) { try await run(transfers(upstream, InMemoryPatchStorage(), concurrency: 1), upstream.files) }
        #expect(upstream.requests.map(\.file) == [a])
    }

    @Test func `a full storage ends them, and what has arrived stays`() async throws {
        let upstream = upstream([:])
        let storage = InMemoryPatchStorage(capacity: 1_650)
        await expectError(.storageFull) { try await run(transfers(upstream, storage, concurrency: 1), upstream.files) }
        try await expectHeld(upstream, [a], storage)
        let staged = try await storage.stagedBytes()
        #expect((600...650).contains(staged), "what fits of the chunk that does not may stay")
        storage.capacity = nil
        try await run(transfers(upstream, storage, concurrency: 1), upstream.files.filter { $0.name != a })
        #expect(upstream.offsets(of: b) == [0, staged])
        #expect(upstream.sent(b) <= 1_000 + 1_000 - staged, "no more is sent for nothing than is gathered before it is written")
        try await expectHeld(upstream, [a, b, c], storage)
    }

    @Test func `a storage that fails ends them`() async throws {
        let storage = InMemoryPatchStorage { step in
            if case .finish = step { throw LivepatchError(.storageUnavailable, "The disk is gone.") }
        }
        let upstream = upstream([:])
        await expectError(.storageUnavailable) { try await run(transfers(upstream, storage), upstream.files) }
    }

    @Test func `an upstream that is gone ends them after so many attempts in a row`() async throws {
        let gone = Array(repeating: Turn.fail(.upstreamUnreachable), count: 10)
        let upstream = upstream([a: gone, b: gone, c: gone])
        await expectError(.upstreamUnreachable) {
            try await run(transfers(upstream, InMemoryPatchStorage(), attempts: 10, unreachableLimit: 5), upstream.files)
        }
        #expect((5...6).contains(upstream.requests.count), "\(upstream.requests.count)")
    }

    @Test func `an upstream that breaks all transfers once is not gone`() async throws {
        let names = try (0..<8).map { try PatchFileName(parsing: "livepatch-5.15.0-\($0).1-generic-107.1-amd64.tar.bz2") }
        let upstream = upstream(
            Dictionary(uniqueKeysWithValues: names.map { ($0, [Turn.breakOff(after: 500, .upstreamUnreachable)]) }), files: names)
        try await run(transfers(upstream, InMemoryPatchStorage(), concurrency: 8, unreachableLimit: 3), upstream.files)
        #expect(events.done == names.sorted())
        for name in names { #expect(upstream.sent(name) == 1_000) }
    }

    @Test func `with the settings as they come, a restart of the upstream under full load is survived`() async throws {
        let names = try (0..<8).map { try PatchFileName(parsing: "livepatch-5.15.0-\($0).1-generic-107.1-amd64.tar.bz2") }
        let restart = [Turn.fail(.upstreamUnreachable), .fail(.upstreamUnreachable)]
        let upstream = upstream(Dictionary(uniqueKeysWithValues: names.map { ($0, restart) }), files: names)
        let transfers = Transfers(
            upstream: upstream, storage: InMemoryPatchStorage(),
            settings: .init(bandwidth: BandwidthLimiter(bytesPerSecond: nil)), clock: clock)
        try await run(transfers, upstream.files)
        #expect(events.done == names.sorted())
    }

    @Test func `a sync that is cancelled stops at once, and what has arrived stays`() async throws {
        let upstream = upstream([a: [.stall(after: 400)]], files: [a])
        let storage = InMemoryPatchStorage()
        let transfers = transfers(upstream, storage)
        let (files, events) = (upstream.files, events)
        let handed = Mutex(false)
        let running = Task {
            try await transfers.run(
                next: {
                    handed.withLock { handed in
                        defer { handed = true }
                        return handed ? [] : files
                    }
                }, report: { events.note($0) })
        }
        await clock.sleepers(atLeast: 1)
        running.cancel()
        await #expect(throws: (any Error).self) { try await running.value }
        #expect(try await storage.stagedBytes() == 400)
        #expect(events.failed == [:])
    }
}
