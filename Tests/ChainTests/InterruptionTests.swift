import FoundationEssentials
import LivepatchKit
import LivepatchTesting
import Synchronization
import Testing

@Suite("Interrupted and failing syncs")
struct InterruptionTests {
    @Test("A sync that fails at any step leaves the old view, and the next one completes it without fetching a byte twice")
    func everyStep() async throws {
        let reference = try await filledPair()
        let all = StepLog()
        await reference.site.sync(from: reference.origin, secret: reference.secret, concurrency: 1, probe: all.note)
        let steps = all.all.count
        #expect(steps > 20)
        for failing in 0..<steps {
            let (origin, site, secret) = try await filledPair()
            let first = StepLog { _, count in count == failing ? unreachable : nil }
            let report = await site.sync(from: origin, secret: secret, concurrency: 1, probe: first.note)
            if report.result == .failed {
                #expect(try await site.offer("edge") == ["107.1"], "after a failure at step \(failing)")
            } else {
                #expect(report.result == .partial)
                #expect(report.failures.allSatisfy { $0.file != nil && $0.code == "upstream-unreachable" })
            }
            try await everyServedFileHashesRight(site)
            let second = StepLog()
            let completed = await site.sync(from: origin, secret: secret, concurrency: 1, probe: second.note)
            #expect(completed.result == .complete, "after a failure at step \(failing): \(completed.failures)")
            #expect(try await site.offer("edge") == ["107.1", "108.1", "109.1"])
            try await everyServedFileHashesRight(site)
            let fetched = report.bytes + completed.bytes
            #expect(fetched == 5 * 200_000, "bytes were fetched twice after a failure at step \(failing)")
        }
    }

    @Test("One file that cannot be had does not stop the rest, and is tried again")
    func oneFile() async throws {
        let (origin, site, secret) = try await filledPair()
        let bad = try PatchFileName(parsing: fileName("108.1", kernel: 101))
        let log = StepLog { step, _ in
            if case .content(bad, _) = step { LivepatchError(.upstreamFailed, "The upstream answered 500.") } else { nil }
        }
        let report = await site.sync(from: origin, secret: secret, retry: RetryPolicy(attempts: 3, base: .zero), probe: log.note)
        #expect(report.result == .partial)
        #expect(report.failures.map(\.file) == [bad])
        #expect(log.contents.filter { $0 == bad }.count == 3)
        #expect(try await site.offer("edge") == ["107.1", "108.1", "109.1"])
        #expect(try await site.catalog.file(bad)?.available == false)
        await #expect(throws: LivepatchError.self) { try await site.delivery.file(bad, for: .administrator) }

        let second = StepLog()
        let repaired = await site.sync(from: origin, secret: secret, probe: second.note)
        #expect(repaired.result == .complete)
        #expect(second.contents == [bad])
        #expect(try await site.catalog.file(bad)?.available == true)
        #expect(await site.sync(from: origin, secret: secret).result == .unchanged)
    }

    @Test("Falsified content is thrown away and reported, and never served")
    func falsified() async throws {
        let (origin, site, secret) = try await filledPair()
        let bad = try PatchFileName(parsing: fileName("109.1", kernel: 102))
        let report = await site.sync(
            from: origin, secret: secret,
            falsify: { name, chunk in name == bad ? [chunk[0] ^ 1] + chunk.dropFirst() : chunk })
        #expect(report.result == .partial)
        #expect(report.failures.map(\.code) == ["digest-mismatch"])
        let record = try #require(try await site.catalog.file(bad))
        #expect(!record.available)
        #expect(try await site.storage.length(of: record.file.digest) == nil)
        #expect(await site.sync(from: origin, secret: secret).result == .complete)
    }

    @Test("An upstream that sends more than it announced is cut off")
    func tooLong() async throws {
        let (origin, site, secret) = try await filledPair()
        let bad = try PatchFileName(parsing: fileName("109.1", kernel: 102))
        let report = await site.sync(
            from: origin, secret: secret, falsify: { name, chunk in name == bad ? chunk + chunk : chunk })
        #expect(report.failures.map(\.code) == ["length-mismatch"])
        try await everyServedFileHashesRight(site)
    }

    @Test("A storage without room is noticed before the first byte is fetched")
    func noRoom() async throws {
        let origin = try await InProcessServer(id: "origin")
        let storage = InMemoryPatchStorage(capacity: 500_000)
        let site = try await InProcessServer(id: "site", storage: storage)
        let secret = try await origin.issue("edge", "site")
        try await origin.release("107.1", kernels: 101...104)
        let log = StepLog()
        let report = await site.sync(from: origin, secret: secret, probe: log.note)
        #expect(report.result == .failed)
        #expect(report.failures.map(\.code) == ["storage-full"])
        #expect(log.contents.isEmpty)
        storage.capacity = 1_000_000
        #expect(await site.sync(from: origin, secret: secret).result == .complete)
    }

    @Test("A disk that fills up in the middle fails the sync; what has arrived is kept for the next one")
    func fillsUp() async throws {
        let origin = try await InProcessServer(id: "origin")
        let full = Mutex(true)
        let storage = InMemoryPatchStorage { step in
            if case .append(_, let offset, _) = step, offset > 100_000, full.withLock({ $0 }) {
                throw LivepatchError(.storageFull, "The disk is full.")
            }
        }
        let site = try await InProcessServer(id: "site", storage: storage)
        let secret = try await origin.issue("edge", "site")
        // Too long to be gathered and written at once.
        try await origin.release("107.1", kernels: 101...104, length: 400_000)
        let report = await site.sync(from: origin, secret: secret, concurrency: 1)
        #expect(report.result == .failed)
        #expect(report.failures.map(\.code) == ["storage-full"])
        #expect(try await site.catalog.versions().isEmpty)
        full.withLock { $0 = false }
        let second = await site.sync(from: origin, secret: secret, concurrency: 1)
        #expect(second.result == .complete)
        #expect(report.bytes + second.bytes <= 4 * 400_000 + Int64(InProcessUpstream.chunkSize))
    }

    @Test("Documents that change while they are read make the sync begin anew, and end well")
    func moving() async throws {
        let (origin, site, secret) = try await filledPair()
        let changed = Mutex(false)
        let report = await site.sync(
            from: origin, secret: secret,
            probe: { step in
                guard step.isOfTiers, changed.withLock({ exchange(&$0, with: true) }) == false else { return }
                try await origin.release("110.1")
            })
        #expect(report.result == .complete, "\(report.failures)")
        #expect(try await site.offer("edge") == ["107.1", "108.1", "109.1", "110.1"])
    }

    @Test("A filter that is narrowed removes nothing; one that is widened fetches what was left out")
    func filters() async throws {
        let origin = try await InProcessServer(id: "origin")
        let site = try await InProcessServer(id: "site")
        let secret = try await origin.issue("edge", "site")
        for flavour in ["generic", "aws"] {
            let name = fileName("107.1", flavour: flavour)
            try await origin.release(name, content(name))
        }
        func request(_ flavours: Set<String>) throws -> SyncRequest {
            SyncRequest(
                deployment: site.deployment, filter: SyncFilter(flavours: Set(try flavours.map { try Flavour(parsing: $0) })))
        }
        await site.sync(from: origin, secret: secret)
        await site.sync(from: origin, secret: secret, request: try request(["aws"]))
        #expect(try await site.catalog.files(of: version("107.1")).filter(\.available).count == 2)
        let other = try await InProcessServer(id: "other")
        let narrow = SyncRequest(
            deployment: other.deployment, filter: SyncFilter(flavours: [try Flavour(parsing: "aws")]))
        await other.sync(from: origin, secret: secret, request: narrow)
        #expect(try await other.catalog.files(of: version("107.1")).count == 1)
        let widened = await other.sync(from: origin, secret: secret)
        #expect(widened.result == .complete && widened.files == 1)
        #expect(try await other.catalog.files(of: version("107.1")).count == 2)
    }

    /// An origin with three versions, of which a site has the first.
    private func filledPair() async throws -> (origin: InProcessServer, site: InProcessServer, secret: String) {
        let (origin, site, secret) = try await pair()
        try await origin.release("107.1")
        await site.sync(from: origin, secret: secret)
        try await origin.release("108.1", kernels: 101...102)
        try await origin.release("109.1", kernels: 101...103)
        return (origin, site, secret)
    }

    private func everyServedFileHashesRight(_ server: InProcessServer) async throws {
        for line in try await server.catalog.versions() {
            for record in try await server.catalog.files(of: line.version) where record.available {
                let reader = try await server.storage.open(record.file.digest)
                #expect(try SHA256Digest(of: reader.read(at: 0, count: Int(reader.length))) == record.file.digest)
            }
        }
    }
}

private func exchange(_ value: inout Bool, with new: Bool) -> Bool {
    defer { value = new }
    return value
}
