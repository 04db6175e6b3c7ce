import Foundation
import LivepatchKit
import LivepatchTesting
import Processes
import Synchronization
import Testing

@testable import LivepatchFiles

@Suite struct SharedFlushTests {
    private let directory: TemporaryDirectory
    private let log = CallLog()

    init() throws { directory = try TemporaryDirectory() }

    private func file(_ name: String) throws -> OpenFile {
        let file = try OpenFile(directory.file(name), for: .creating)
        _ = file.write([1, 2, 3], at: 0, calls: .system)
        return file
    }

    /// Has files flushed that all wait while another one's pass goes on; returns what became of each.
    private func flushTogether(_ names: [String]) async throws -> [String: LivepatchError.Code?] {
        let gate = DispatchSemaphore(value: 0)
        var calls = log.fileCalls
        let noted = calls
        calls.flush = { descriptor, path in
            if path.hasSuffix("/first") { gate.wait() }
            return noted.flush(descriptor, path)
        }
        let flush = SharedFlush(lane: Lane("test"), calls: calls)
        let first = try file("first")
        let files = try names.map { ($0, try file($0)) }
        return try await withThrowingTaskGroup(of: (String, LivepatchError.Code?).self) { group in
            defer { gate.signal() }
            // One is at it …
            group.addTask {
                try await flush.flush(first) {}
                return ("first", nil)
            }
            try await eventually("a pass goes on") { flush.isPassing && flush.waiting == 0 }
            // … while the others come.
            for (name, file) in files {
                group.addTask {
                    do {
                        try await flush.flush(file) {}
                        return (name, nil)
                    } catch {
                        return (name, code(of: error))
                    }
                }
            }
            try await eventually("all others wait") { flush.waiting == names.count }
            log.clear()
            gate.signal()
            return try await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
        }
    }

    private func path(_ name: String) -> String { "\(directory.path.split(separator: "/").last ?? "")/\(name)" }

    private let names = ["a", "b", "c", "d", "e"]

    @Test func `files that wait together are brought to the medium with one flush, and each is asked for`() async throws {
        log.fail("flushFileSystem", with: nil)
        let results = try await flushTogether(names)
        #expect(results.values.allSatisfy { $0 == nil } && results.count == 6)
        #expect(log.calls.count { $0.hasPrefix("flushFileSystem") } == 1)
        #expect(Set(log.calls.filter { $0.hasPrefix("check") }) == Set(names.map { "check \(path($0))" }))
        #expect(log.calls.filter { $0.hasPrefix("flush ") } == ["flush \(path("first"))"])
    }

    @Test(arguments: [ENOTSUP, EIO])
    func `where they cannot be flushed together each is flushed by itself`(number: Int32) async throws {
        log.fail("flushFileSystem", with: number)
        let results = try await flushTogether(names)
        #expect(results.values.allSatisfy { $0 == nil } && results.count == 6)
        #expect(Set(log.calls.filter { $0.hasPrefix("flush ") }) == Set((names + ["first"]).map { "flush \(path($0))" }))
    }

    @Test func `a file whose bytes came to harm is not flushed again, and only it fails`() async throws {
        log.fail("flushFileSystem", with: nil)
        // The system tells it once: a flush afterwards would succeed.
        log.fail("check \(path("c"))", with: EIO)
        let results = try await flushTogether(names)
        #expect(results.filter { $0.value != nil } == ["c": .storageUnavailable])
        #expect(results.count == 6)
        #expect(!log.calls.contains("flush \(path("c"))"))
    }

    @Test func `where a file cannot be asked it is flushed by itself`() async throws {
        log.fail("flushFileSystem", with: nil)
        log.fail("check \(path("c"))", with: ENOSYS)
        let results = try await flushTogether(names)
        #expect(results.values.allSatisfy { $0 == nil } && results.count == 6)
        #expect(log.calls.contains("flush \(path("c"))"))
    }

    @Test func `a few files are not worth flushing what others have written`() async throws {
        log.fail("flushFileSystem", with: nil)
        _ = try await flushTogether(["a", "b"])
        #expect(!log.calls.contains { $0.hasPrefix("flushFileSystem") })
        #expect(log.calls.count { $0.hasPrefix("flush ") } == 3)
    }

    @Test func `many directories are brought to the medium with one flush`() async throws {
        log.fail("flushFileSystem", with: nil)
        let storage = try DirectoryPatchStorage(at: directory.path, calls: log.fileCalls)
        for number in 0..<100 { try await storage.put([UInt8(number)]) }
        log.clear()
        try await storage.synchronize()
        // And one of them by itself, which tells what some kernels keep to themselves of the former.
        #expect(log.calls.first == "flushFileSystem ")
        #expect(log.calls.count == 2 && log.calls.last?.hasPrefix("flushDirectory ") == true)
        // Nothing is left to do.
        try await storage.synchronize()
        #expect(log.calls.count == 2)
    }

    @Test func `on a real file system what arrives at once is all there`() async throws {
        log.fail("flushFileSystem", with: nil)
        let storage = try DirectoryPatchStorage(at: directory.path, calls: log.fileCalls)
        let contents = (0..<200).map { someBytes(1_000, seed: UInt64($0) + 1) }
        try await withThrowingTaskGroup { group in
            for bytes in contents { group.addTask { try await storage.put(bytes) } }
            try await group.waitForAll()
        }
        try await storage.synchronize()
        for bytes in contents { #expect(try await storage.all(SHA256Digest(of: bytes)) == bytes) }
        // No name came before a flush that began after its bytes were written.
        var flushed: Set<String> = []
        for call in log.calls {
            let (what, name) = (call.prefix { $0 != " " }, String(call.split(separator: "/").last ?? ""))
            if what == "flush" || what == "check" { flushed.insert(name.replacing(".part", with: "")) }
            if what == "rename" { #expect(flushed.contains(name)) }
        }
    }

    @Test(arguments: ["flush", "flushDirectory"])
    func `a sync does not switch before all that came is on the medium`(call: String) async throws {
        let origin = try await InProcessServer(id: "origin")
        for number in 1...40 {
            try await origin.release(
                "livepatch-5.15.0-107.\(number)-generic-107.1-amd64.tar.bz2", someBytes(500, seed: UInt64(number)))
        }
        let secret = try await origin.issue("edge", "site")
        let storage = try DirectoryPatchStorage(at: directory.path, calls: log.fileCalls)
        let site = try await InProcessServer(id: "site", storage: storage)
        log.fail(call, with: EIO)
        log.fail("flushFileSystem", with: EIO)
        let failed = await site.sync(from: origin, secret: secret)
        #expect(failed.result == .failed)
        #expect(failed.failures.map(\.code) == ["storage-unavailable"])
        let before = try await site.catalog.versions()
        #expect(before.isEmpty)
        log.fail(call, with: nil)
        log.fail("flushFileSystem", with: nil)
        #expect(await site.sync(from: origin, secret: secret).result == .complete)
        let after = try await site.catalog.versions()
        #expect(after.map(\.files) == [40] && after.map(\.available) == [40])
        #expect(try await storage.stagedBytes() == 0)
    }
}
