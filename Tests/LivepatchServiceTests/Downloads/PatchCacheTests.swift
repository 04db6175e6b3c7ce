import LivepatchKit
import LivepatchTesting
import MetricsTestKit
import NIOCore
import Synchronization
import Testing

@testable import LivepatchService

@Suite("The cache of patch files") struct PatchCacheTests {
    private let metrics = TestMetrics()
    private let clock = ManualClock()

    private func cache(files: Int = 128, bytes: Int64 = 1000, seconds: Int = 600) -> PatchCache {
        var limits = PatchCache.Limits()
        limits.files = files
        limits.bytes = bytes
        limits.time = .seconds(seconds)
        return PatchCache(limits, clock: clock, metrics: metrics)
    }

    /// A file of so many bytes, all of which are the number.
    private func file(_ number: UInt8, _ count: Int = 100) throws -> (file: PatchFile, bytes: [UInt8]) {
        let bytes = [UInt8](repeating: number, count: count)
        let file = PatchFile(
            name: try PatchFileName(parsing: "livepatch-5.15.0-107.117-generic-\(number).1-amd64.tar.bz2"),
            length: Int64(count), digest: SHA256Digest(of: bytes), released: clock.date)
        return (file, bytes)
    }

    private func ask(_ cache: PatchCache, _ file: (file: PatchFile, bytes: [UInt8])) async throws -> [UInt8]? {
        try await cache.content(of: file.file) { file.bytes }.map { Array(buffer: $0.bytes) }
    }

    /// Asks until it is there.
    private func fill(_ cache: PatchCache, _ file: (file: PatchFile, bytes: [UInt8])) async throws {
        _ = try await ask(cache, file)
        #expect(try await ask(cache, file) == file.bytes)
    }

    /// How many files, and how many bytes.
    private func held(_ cache: PatchCache) -> [Int] {
        let (files, bytes) = cache.sweep()
        return [files, bytes]
    }

    private func count(_ name: String) throws -> Int64 { try metrics.expectCounter(name).totalValue }

    @Test func `a file is taken in when it is asked for again, and is there from then on`() async throws {
        let cache = cache()
        let one = try file(1)
        let loads = Atomic(0)
        for number in 0..<4 {
            let content = try await cache.content(of: one.file) {
                loads.add(1, ordering: .relaxed)
                return one.bytes
            }
            #expect((content == nil) == (number == 0))
            #expect(content.map { Array(buffer: $0.bytes) } ?? one.bytes == one.bytes)
        }
        #expect(loads.load(ordering: .relaxed) == 1)
        #expect(try count(PatchCache.misses) == 2)
        #expect(try count(PatchCache.hits) == 2)
        #expect(try count(PatchCache.evictions) == 0)
        #expect(held(cache) == [1, 100])
        #expect(cache.remembered(one.file.digest) != nil)
        #expect(try cache.remembered(file(2).file.digest) == nil)
    }

    @Test func `what is asked for once in a long time is never taken in`() async throws {
        let cache = cache(seconds: 60)
        let one = try file(1)
        for _ in 0..<3 {
            #expect(try await ask(cache, one) == nil)
            clock.advance(by: .seconds(60))
        }
        #expect(held(cache) == [0, 0])
    }

    @Test func `the file that was asked for the longest ago makes room, for number and for bytes`() async throws {
        let few = cache(files: 2)
        let three = try [file(1), file(2), file(3)]
        for file in three[..<2] { try await fill(few, file) }
        #expect(few.remembered(three[0].file.digest) != nil, "that is a use")
        try await fill(few, three[2])
        #expect(three.map { few.remembered($0.file.digest) != nil } == [true, false, true])
        let small = cache(files: 9, bytes: 250)
        let files = try (1...5).map { try file(UInt8($0), 60) }
        for file in files { try await fill(small, file) }
        #expect(files.map { small.remembered($0.file.digest) != nil } == [false, true, true, true, true])
        #expect(held(small) == [4, 240])
        #expect(try count(PatchCache.evictions) == 2)
    }

    @Test func `what nobody asks for is let go, and is no eviction`() async throws {
        let cache = cache(seconds: 60)
        let (one, two) = (try file(1), try file(2))
        try await fill(cache, one)
        try await fill(cache, two)
        clock.advance(by: .seconds(40))
        #expect(cache.remembered(one.file.digest) != nil)
        clock.advance(by: .seconds(20))
        #expect(cache.remembered(two.file.digest) == nil, "though nobody has swept")
        #expect(held(cache) == [1, 100])
        clock.advance(by: .seconds(40))
        #expect(held(cache) == [0, 0])
        #expect(try count(PatchCache.evictions) == 0)
    }

    @Test func `a file that is large beside the cache is not taken in`() async throws {
        let cache = cache(bytes: 400)
        for (size, isTaken) in [(100, true), (101, false)] {
            let one = try file(UInt8(size), size)
            _ = try await ask(cache, one)
            #expect(try await ask(cache, one) == (isTaken ? one.bytes : nil))
        }
    }

    @Test func `what is still being sent counts, so that the bytes are never more than was said`() async throws {
        let cache = cache(bytes: 400)
        let files = try (1...6).map { try file(UInt8($0)) }
        var sending: [CachedContent] = []
        for file in files[..<4] {
            try await fill(cache, file)
            sending.append(try #require(cache.remembered(file.file.digest)))
        }
        let fifth = files[4]
        _ = try await ask(cache, fifth)
        #expect(try await ask(cache, fifth) == fifth.bytes, "whoever asked has it")
        #expect(cache.remembered(fifth.file.digest) == nil)
        #expect(held(cache) == [0, 400])
        sending.removeAll()
        #expect(held(cache) == [0, 0])
        try await fill(cache, files[5])
        #expect(held(cache) == [1, 100])
    }

    @Test func `many who ask at once have it read once, and a failure is everybody's and not the last word`() async throws {
        let cache = cache()
        let one = try file(1)
        #expect(try await ask(cache, one) == nil)
        let (gate, open) = AsyncStream.makeStream(of: Void.self)
        let loads = Atomic(0)
        let file = one.file
        let load: @Sendable () async throws -> [UInt8]? = {
            loads.add(1, ordering: .relaxed)
            for await _ in gate {}
            throw LivepatchError(.storageUnavailable, "no")
        }
        await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<8 {
                group.addTask { (try? await cache.content(of: file, load: load)) == nil }
            }
            while (try? count(PatchCache.misses)) != 9 { await Task.yield() }
            open.finish()
            for await failed in group { #expect(failed) }
        }
        #expect(loads.load(ordering: .relaxed) == 1)
        #expect(held(cache) == [0, 0])
        try await fill(cache, one)
    }

    @Test func `a slice is exactly that part`() async throws {
        let cache = cache()
        var one = try file(1, 10)
        one.bytes = Array(0..<10)
        try await fill(cache, one)
        let content = try #require(cache.remembered(one.file.digest))
        #expect(Array(buffer: content.slice(3..<7)) == [3, 4, 5, 6])
        #expect(Array(buffer: content.slice(0..<10)) == one.bytes)
    }
}
