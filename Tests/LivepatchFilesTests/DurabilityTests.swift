import Foundation
import LivepatchKit
import Synchronization
import Testing

@testable import LivepatchFiles

@Suite struct DurabilityTests {
    private let directory: TemporaryDirectory
    private let log = CallLog()
    private let storage: DirectoryPatchStorage

    init() throws {
        directory = try TemporaryDirectory()
        storage = try DirectoryPatchStorage(at: directory.path, calls: log.fileCalls)
    }

    @Test func `a shard that another arrival makes at the same moment is as good, and its entry is flushed`() async throws {
        let made = Mutex(false)
        let logged = log.fileCalls
        var calls = logged
        calls.rename = { old, new in
            if logged.rename(old, new) == 0 { return 0 }
            let number = errno
            // The other one: between this arrival's attempt and its making the directory.
            let shard = URL(fileURLWithPath: new).deletingLastPathComponent()
            try? FileManager.default.createDirectory(at: shard, withIntermediateDirectories: false)
            made.withLock { $0 = true }
            errno = number
            return -1
        }
        let storage = try DirectoryPatchStorage(at: directory.path, calls: calls)
        let digest = try await storage.put([1, 2, 3])
        try await storage.synchronize()
        #expect(made.withLock { $0 })
        #expect(try await storage.length(of: digest) == 3)
        #expect(log.calls.contains("flushDirectory content/sha256"))
    }

    @Test func `bytes reach the medium before the name, and the name before synchronize returns`() async throws {
        try await storage.synchronize()
        log.clear()
        let digest = try await storage.put([1, 2, 3])
        let shard = digest.description.prefix(2)
        let tail = directory.path.split(separator: "/").suffix(2).joined(separator: "/")
        let name = directory.path.split(separator: "/").last ?? ""
        // The first rename finds no shard; it is made, and its own entry is flushed too.
        #expect(
            log.calls == [
                "write ", "flush staging/\(digest).part", "rename \(shard)/\(digest)", "rename \(shard)/\(digest)",
            ])
        log.clear()
        try await storage.synchronize()
        #expect(
            log.calls == [
                "flushDirectory \(tail)", "flushDirectory \(name)/content", "flushDirectory content/sha256",
                "flushDirectory sha256/\(shard)",
            ])
        log.clear()
        try await storage.synchronize()
        #expect(log.calls.isEmpty)
    }

    @Test func `a shard that another process made and has not flushed is flushed with what comes into it`() async throws {
        try await storage.synchronize()
        let digest = SHA256Digest(of: [1, 2, 3])
        try FileManager.default.createDirectory(
            atPath: directory.file("content/sha256/\(digest.description.prefix(2))"), withIntermediateDirectories: false)
        log.clear()
        try await storage.put([1, 2, 3])
        #expect(log.calls.count { $0.hasPrefix("rename") } == 1)
        try await storage.synchronize()
        #expect(log.calls.contains("flushDirectory content/sha256"))
    }

    @Test func `directories that were deleted are made again, and the whole way to the content is flushed`() async throws {
        try await storage.put([4, 5, 6])
        try await storage.synchronize()
        try FileManager.default.removeItem(atPath: directory.file("content"))
        log.clear()
        let digest = try await storage.put([1, 2, 3])
        try await storage.synchronize()
        let root = directory.path.split(separator: "/").map(String.init)
        let expected = [
            root.suffix(2).joined(separator: "/"), "\(root.last ?? "")/content", "content/sha256",
            "sha256/\(digest.description.prefix(2))",
        ]
        for folder in expected { #expect(log.calls.contains("flushDirectory \(folder)")) }
    }

    @Test func `the first synchronize also takes what an ended process left`() async throws {
        let digest = try await storage.put([1, 2, 3])
        let again = try DirectoryPatchStorage(at: directory.path, calls: log.fileCalls)
        log.clear()
        try await again.synchronize()
        #expect(log.calls.contains("flushDirectory sha256/\(digest.description.prefix(2))"))
    }

    @Test func `directories are flushed once for many files and many callers`() async throws {
        try await storage.synchronize()
        for number in 0..<600 { try await storage.put([UInt8(number & 255), UInt8(number >> 8)]) }
        log.clear()
        try await withThrowingTaskGroup { group in
            for _ in 0..<50 { group.addTask { try await storage.synchronize() } }
            try await group.waitForAll()
        }
        // 256 shards and the three directories above them.
        #expect(log.calls.count <= 259)
        #expect(Set(log.calls).count == log.calls.count)
    }

    @Test func `a directory that could not be flushed is tried again`() async throws {
        try await storage.put([1])
        log.fail("flushDirectory", with: EIO)
        let error = await #expect(throws: LivepatchError.self) { try await storage.synchronize() }
        #expect(error?.code == .storageUnavailable)
        log.fail("flushDirectory", with: nil)
        log.clear()
        try await storage.synchronize()
        #expect(!log.calls.isEmpty)
    }

    @Test func `content whose bytes could not be flushed gets no name, and has to arrive anew`() async throws {
        log.fail("flush", with: EIO)
        let bytes = someBytes(100)
        let digest = SHA256Digest(of: bytes)
        let staged = try await storage.stage(digest, length: 100)
        try await staged.append(bytes)
        let error = await #expect(throws: LivepatchError.self) { try await staged.finish() }
        #expect(error?.code == .storageUnavailable)
        #expect(try await storage.length(of: digest) == nil)
        #expect(!log.calls.contains { $0.hasPrefix("rename") })
        // Another flush would succeed: the system tells once that bytes did not get to the medium.
        log.fail("flush", with: nil)
        #expect(await staged.arrived == 0)
        await staged.close()
        let again = try await storage.stage(digest, length: 100)
        #expect(await again.arrived == 0)
        try await again.append(bytes)
        try await again.finish()
        #expect(try await storage.all(digest) == bytes)
    }

    @Test(arguments: [
        (ENOSPC, LivepatchError.Code.storageFull), (EDQUOT, .storageFull), (EFBIG, .storageFull), (EIO, .storageUnavailable),
        (EROFS, .storageUnavailable), (EACCES, .storageUnavailable), (EMFILE, .storageUnavailable), (EINVAL, .storageUnavailable),
    ])
    func `a failed write says what, where and what to do`(number: Int32, code: LivepatchError.Code) async throws {
        let staged = try await storage.stage(SHA256Digest(of: [1]), length: 1)
        log.fail("write", with: number)
        let error = await #expect(throws: LivepatchError.self) { try await staged.append([1]) }
        #expect(error?.code == code)
        #expect(error?.message.contains(directory.path) == true)
        log.fail("write", with: nil)
        try await staged.append([1])
        try await staged.finish()
    }
}
