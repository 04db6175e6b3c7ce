import FoundationEssentials
import LivepatchKit
import LivepatchTesting
import Testing

@Suite("A chain that fetches content when it is asked for")
struct OnDemandTests {
    /// A chain of three whose lower two fetch on demand, each with what it asked the one above.
    private struct Chain {
        let origin: InProcessServer
        var middle: InProcessServer
        var lowest: InProcessServer
        let aboveMiddle = StepLog()
        let aboveLowest = StepLog()
        let secrets: (middle: String, lowest: String)

        init(versions: [String] = ["107.1"], kernels: ClosedRange<Int> = 107...109, length: Int = 200_000) async throws {
            origin = try await InProcessServer(id: "origin")
            middle = try await InProcessServer(id: "middle")
            lowest = try await InProcessServer(id: "lowest")
            for version in versions { try await origin.release(version, kernels: kernels, length: length) }
            secrets = (try await origin.issue("edge", "middle"), try await middle.issue("edge", "lowest"))
            middle = middle.fetching(
                from: ProbedUpstream(
                    origin.upstream(secret: secrets.middle, for: middle.deployment), probe: aboveMiddle.note))
            lowest = lowest.fetching(
                from: ProbedUpstream(
                    middle.upstream(secret: secrets.lowest, for: lowest.deployment), probe: aboveLowest.note))
        }

        @discardableResult
        func sync(_ mode: SyncMode = .onDemand) async -> (middle: SyncReport, lowest: SyncReport) {
            let middle = await middle.sync(
                from: origin, secret: secrets.middle, request: SyncRequest(deployment: middle.deployment, mode: mode),
                probe: aboveMiddle.note)
            let lowest = await lowest.sync(
                from: self.middle, secret: secrets.lowest, request: SyncRequest(deployment: lowest.deployment, mode: mode),
                probe: aboveLowest.note)
            return (middle, lowest)
        }
    }

    private func name(_ version: String = "107.1", kernel: Int = 107) throws -> PatchFileName {
        try PatchFileName(parsing: fileName(version, kernel: kernel))
    }

    @Test("Documents come at once, content when a machine at the end asks, with one fetch at each level")
    func threeLevels() async throws {
        let chain = try await Chain()
        let reports = await chain.sync()
        #expect(reports.middle.result == .complete && reports.lowest.result == .complete, "\(reports)")
        #expect(reports.middle.files == 0 && reports.lowest.files == 0)
        #expect(chain.aboveMiddle.contents.isEmpty && chain.aboveLowest.contents.isEmpty)
        for server in [chain.middle, chain.lowest] {
            #expect(try await server.offer("edge") == ["107.1"])
            let line = try #require(try await server.catalog.version(version("107.1")))
            #expect(line.files == 3 && line.available == 3 && line.awaited == 3)
        }
        let (edge, wanted, lowest) = (try tier("edge"), try name(), chain.lowest)
        let answers = try await withThrowingTaskGroup(of: [UInt8].self) { group in
            for _ in 0..<20 { group.addTask { try await lowest.download(wanted, for: edge) } }
            return try await group.reduce(into: [[UInt8]]()) { $0.append($1) }
        }
        #expect(answers.count == 20 && answers.allSatisfy { $0 == content(wanted.description) })
        #expect(chain.aboveMiddle.contents == [wanted] && chain.aboveLowest.contents == [wanted])
        for server in [chain.middle, chain.lowest] {
            await server.fetcher?.close()
            #expect(try await server.catalog.file(wanted)?.isAwaited == false)
            #expect(try await server.catalog.version(version("107.1"))?.awaited == 2)
        }
    }

    @Test("A machine and a downstream that ask at the same time share one fetch")
    func shared() async throws {
        let chain = try await Chain(kernels: 107...107)
        await chain.sync()
        let (edge, wanted, middle, lowest) = (try tier("edge"), try name(), chain.middle, chain.lowest)
        async let machine = middle.download(wanted, for: edge)
        async let below = lowest.download(wanted, for: edge)
        #expect(try await machine == content(wanted.description))
        #expect(try await below == content(wanted.description))
        #expect(chain.aboveMiddle.contents == [wanted])
    }

    @Test("The next sync costs the head alone, and changes nothing")
    func unchanged() async throws {
        let chain = try await Chain()
        await chain.sync()
        let revision = try await chain.middle.catalog.revision()
        _ = try await chain.middle.download(try name(), for: try tier("edge"))
        #expect(try await chain.middle.catalog.revision() == revision, "that content came is no news to others")
        let steps = chain.aboveMiddle.all.count
        let report = await chain.sync().middle
        #expect(report.result == .unchanged)
        #expect(chain.aboveMiddle.all.count == steps + 1)
    }

    @Test("Eager after on demand fetches what is missing; on demand after eager keeps what is there")
    func modes() async throws {
        let chain = try await Chain()
        await chain.sync()
        _ = try await chain.middle.download(try name(), for: try tier("edge"))
        let eager = await chain.sync(.eager).middle
        #expect(eager.result == .complete && eager.files == 2 && eager.failures.isEmpty, "\(eager)")
        #expect(try await chain.middle.catalog.version(version("107.1"))?.awaited == nil)
        #expect(await chain.sync(.eager).middle.result == .unchanged)

        try await chain.origin.release("108.1", kernels: 107...107)
        let lazy = await chain.sync(.onDemand).middle
        #expect(lazy.result == .complete && lazy.files == 0, "\(lazy)")
        #expect(try await chain.middle.catalog.version(version("107.1"))?.awaited == nil)
        #expect(try await chain.middle.catalog.version(version("108.1"))?.awaited == 1)
        for record in try await chain.middle.catalog.files(of: version("107.1")) {
            #expect(try await chain.middle.storage.length(of: record.file.digest) == record.file.length)
        }
    }

    @Test("What has gone missing, and what was damaged, is told apart from what was not fetched yet")
    func missing() async throws {
        let chain = try await Chain()
        await chain.sync()
        let (edge, held) = (try tier("edge"), try name())
        _ = try await chain.middle.download(held, for: edge)
        await chain.middle.fetcher?.close()
        let care = StorageCare(
            catalog: chain.middle.catalog, storage: chain.middle.storage, lock: InMemoryStorageLock(), intake: nil, repairs: nil,
            now: { Date() })
        let whole = try await care.verify(repair: false, by: "test")
        #expect(whole.files == 1 && whole.awaited == 2 && whole.findings.isEmpty)
        #expect(try await care.refresh(by: "test") == StorageRefresh())

        let digest = try #require(try await chain.middle.catalog.file(held)).file.digest
        try await chain.middle.storage.remove(digest)
        let found = try await care.verify(repair: false, by: "test")
        #expect(found.findings.map(\.file) == [held] && found.awaited == 2)
        #expect(try await chain.middle.catalog.file(held)?.available == false)
        // The next sync finds that it can be had.
        #expect(await chain.sync().middle.result == .complete)
        #expect(try await chain.middle.catalog.file(held)?.isAwaited == true)
    }

    @Test("What a verification found damaged is served again only when it has come again", arguments: SyncMode.allCases)
    func damaged(_ mode: SyncMode) async throws {
        let chain = try await Chain(kernels: 107...107)
        await chain.sync(.eager)
        let (edge, wanted, middle) = (try tier("edge"), try name(), chain.middle)
        let storage = try #require(middle.storage as? InMemoryPatchStorage)
        let digest = try #require(try await middle.catalog.file(wanted)).file.digest
        storage.damage(digest) { $0[0] ^= 1 }
        let care = StorageCare(
            catalog: middle.catalog, storage: storage, lock: InMemoryStorageLock(), intake: nil, repairs: nil, now: { Date() })
        #expect(try await care.verify(repair: false, by: "test").findings.map(\.fault) == [.damaged])
        #expect(try await care.refresh(by: "test").found.isEmpty)
        #expect(try await middle.catalog.file(wanted)?.available == false)
        #expect(await chain.sync(mode).middle.result == .complete)
        #expect(try await middle.catalog.file(wanted)?.isAwaited == (mode == .onDemand))
        #expect(try await middle.download(wanted, for: edge) == content(wanted.description))
        #expect(chain.aboveMiddle.contents == [wanted, wanted])
    }

    @Test("Content that somebody has deleted is fetched again when it is asked for")
    func deleted() async throws {
        let chain = try await Chain(kernels: 107...107)
        await chain.sync()
        let (edge, wanted) = (try tier("edge"), try name())
        _ = try await chain.middle.download(wanted, for: edge)
        await chain.middle.fetcher?.settled()
        let digest = try #require(try await chain.middle.catalog.file(wanted)).file.digest
        try await chain.middle.storage.remove(digest)
        #expect(try await chain.middle.download(wanted, for: edge) == content(wanted.description))
        #expect(chain.aboveMiddle.contents == [wanted, wanted])
    }

    @Test("What is blocked while it is fetched is given to nobody")
    func blocked() async throws {
        let chain = try await Chain(kernels: 107...107, length: 600_000)
        await chain.sync()
        let (edge, wanted, middle) = (try tier("edge"), try name(), chain.middle)
        let file = try await middle.delivery.file(wanted, for: .tier(edge))
        var pieces = try await middle.delivery.arrival(of: file).pieces {
            _ = try await middle.delivery.file(wanted, for: .tier(edge))
        }
        #expect(try await pieces.next() != nil)
        try await middle.administer(.block(version: version("107.1"), reason: "it is bad"))
        let result: Result<Void, any Error>
        do {
            while try await pieces.next() != nil {}
            result = .success(())
        } catch { result = .failure(error) }
        #expect(throws: LivepatchError.self) { try result.get() }
        await #expect(throws: LivepatchError.self) { _ = try await middle.download(wanted, for: edge) }
    }

    @Test("Where there is no upstream any more, what is awaited is said to be so")
    func withoutUpstream() async throws {
        let chain = try await Chain(kernels: 107...107)
        await chain.sync()
        let alone = try await chain.middle.restarted()
        do {
            _ = try await alone.download(try name(), for: try tier("edge"))
            Issue.record("it was served")
        } catch let error as LivepatchError {
            #expect(error.code == .contentNotFetched && error.retryAfter != nil)
        }
        #expect(try await alone.catalog.file(try name())?.isAwaited == true)
        await #expect(throws: LivepatchError.self) { _ = try await alone.prefetch().run(nil) }
    }

    @Test("Prefetching fetches what a tier's machines are offered next, and no more")
    func prefetch() async throws {
        let chain = try await Chain(versions: ["107.1", "108.1"])
        await chain.sync()
        try await chain.middle.promote("107.1", "beta")
        let beta = try await chain.middle.prefetch().run(try tier("beta"))
        #expect(beta.files == 3 && beta.bytes == 600_000 && beta.present == 0 && !beta.needsAttention, "\(beta)")
        #expect(Set(chain.aboveMiddle.contents) == Set(try (107...109).map { try name("107.1", kernel: $0) }))
        let all = try await chain.middle.prefetch().run(nil)
        #expect(all.files == 3 && all.present == 3)
        #expect(chain.aboveMiddle.contents.count == 6)
        await #expect(throws: LivepatchError.self) { _ = try await chain.middle.prefetch().run(try tier("none")) }
    }

    @Test("Prefetching names what it could not fetch, and stops at an upstream that is away")
    func prefetchFailures() async throws {
        var chain = try await Chain()
        await chain.sync()
        let away = StepLog { step, _ in
            if case .content = step { LivepatchError(.upstreamUnreachable, "It is away.") } else { nil }
        }
        chain.middle = chain.middle.fetching(
            from: ProbedUpstream(
                chain.origin.upstream(secret: chain.secrets.middle, for: chain.middle.deployment), probe: away.note))
        let result = try await chain.middle.prefetch(concurrency: 1).run(nil)
        #expect(result.files == 0 && result.failures.map(\.code) == ["upstream-unreachable"] && result.left == 2, "\(result)")
        #expect(result.needsAttention && away.contents.count == 1)
    }
}
