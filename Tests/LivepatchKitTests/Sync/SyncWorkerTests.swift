import FoundationEssentials
import LivepatchTesting
import Logging
import Synchronization
import Testing

@testable import LivepatchKit

@Suite struct SyncWorkerTests {
    /// Counts how often each version's list of files is read.
    private struct CountingReader: DocumentReader {
        let reader: PlainDocumentReader
        let readings: Readings

        final class Readings: Sendable {
            private let counts = Mutex<[String: Int]>([:])
            var all: [String: Int] { counts.withLock { $0 } }
            func count(_ version: PatchVersion) { counts.withLock { $0["\(version)", default: 0] += 1 } }
        }

        func head(unless tag: String?) async throws -> HeadReading { try await reader.head(unless: tag) }
        func revocations(_ reference: DocumentReference) async throws -> RevocationsDocument {
            try await reader.revocations(reference)
        }
        func tiers(_ reference: DocumentReference) async throws -> TierListDocument { try await reader.tiers(reference) }
        func tier(_ name: TierName, _ reference: DocumentReference) async throws -> TierDocument {
            try await reader.tier(name, reference)
        }
        func version(_ version: PatchVersion, _ reference: DocumentReference) async throws -> VersionDocument {
            readings.count(version)
            return try await reader.version(version, reference)
        }
        func coverage(_ reference: DocumentReference) async throws -> CoverageDocument { try await reader.coverage(reference) }
        func cost() async -> DocumentCost { await reader.cost() }
    }

    private func name(_ kernel: Int, _ version: String) throws -> PatchFileName {
        try PatchFileName(parsing: "livepatch-5.15.0-\(kernel).\(kernel)-generic-\(version)-amd64.tar.bz2")
    }

    /// Works on three versions of two files each, of which one is the same content in the last two, and `bad` cannot be had.
    private func work(memory: Int, bad: [Int] = []) async throws -> (harvest: SyncHarvest, readings: [String: Int]) {
        let origin = try await InProcessServer(id: "origin")
        for version in ["107.1", "108.1", "109.1"] {
            try await origin.release("\(name(101, version))", Array(version.utf8))
            try await origin.release("\(name(102, version))", Array((version == "107.1" ? "107" : "shared").utf8))
        }
        let secret = try await origin.issue("edge", "site")
        let refused = try Set(bad.flatMap { kernel in try ["108.1", "109.1"].map { try name(kernel, $0) } })
        let upstream = ProbedUpstream(origin.upstream(secret: secret)) { step in
            if case .content(let name, _) = step, refused.contains(name) {
                throw LivepatchError(.upstreamFailed, "The upstream answered 500.")
            }
        }
        let site = try await InProcessServer(id: "site")
        let reader = CountingReader(
            reader: PlainDocumentReader(upstream: upstream, cache: site.catalog), readings: CountingReader.Readings())
        guard case .head(let head, _) = try await reader.head(unless: nil) else { throw CancellationError() }
        let first = try #require(try await reader.tiers(head.tiers).tiers.first)
        let changed = try await reader.tier(first.name, first.document).versions.reversed().map {
            SyncWork.Change(version: $0.version, document: $0.document, wasImported: false)
        }
        let resources = SyncRun.Resources(
            upstream: upstream, reader: reader, catalog: site.catalog, tokens: site.tokens, authTokens: site.authTokens,
            storage: site.storage,
            transfers: Transfers(
                upstream: upstream, storage: site.storage,
                settings: Transfers.Settings(
                    concurrency: 2, retry: RetryPolicy(attempts: 1), bandwidth: BandwidthLimiter(bytesPerSecond: nil))),
            logger: Logger(label: "sync") { _ in SwiftLogNoOpLogHandler() }, now: { ManualClock().start })
        let worker = SyncWorker(
            work: SyncWork(changed: changed, incomplete: [], filters: head.filters), resources: resources,
            progress: SyncProgressMeter(started: ManualClock().start) { _ in }, memory: memory)
        return (try await worker.run { _ in }, reader.readings.all)
    }

    @Test func `a version's list of files is read once`() async throws {
        let (harvest, readings) = try await work(memory: 6)
        #expect(readings == ["107.1": 1, "108.1": 1, "109.1": 1])
        #expect(harvest.files == 5)
        #expect(harvest.failures.isEmpty)
    }

    @Test func `what failed is named without reading again, under each of its names`() async throws {
        let (harvest, readings) = try await work(memory: 6, bad: [102])
        #expect(readings == ["107.1": 1, "108.1": 1, "109.1": 1])
        #expect(harvest.files == 4)
        #expect(try harvest.failures.map(\.file) == [name(102, "109.1"), name(102, "108.1")])
    }

    @Test func `beyond the bound a list is read again, and a third time only where something failed`() async throws {
        let (harvest, readings) = try await work(memory: 3)
        #expect(readings == ["109.1": 1, "108.1": 2, "107.1": 2])
        #expect(harvest.files == 5)
        let (failing, again) = try await work(memory: 3, bad: [102])
        #expect(again == ["109.1": 1, "108.1": 3, "107.1": 2])
        #expect(try failing.failures.map(\.file) == [name(102, "109.1"), name(102, "108.1")])
        let (none, all) = try await work(memory: 0, bad: [101, 102])
        #expect(all == ["109.1": 3, "108.1": 3, "107.1": 2])
        #expect(none.files == 2)
        #expect(none.failures.count == 4)
    }
}
