import Foundation
import LivepatchKit
import Testing

@testable import LivepatchFiles

@Suite struct DirectoryPatchStorageTests {
    let directory: TemporaryDirectory
    let storage: DirectoryPatchStorage

    init() throws {
        directory = try TemporaryDirectory()
        storage = try DirectoryPatchStorage(at: directory.path)
    }

    @Test func `content is held under its digest, read-only, for the server's user and group alone`() async throws {
        let bytes = someBytes(200_000)
        let digest = try await storage.put(bytes)
        let shard = String(digest.description.prefix(2))
        #expect(try directory.names("content/sha256/\(shard)") == [digest.description])
        #expect(try directory.mode("content/sha256/\(shard)/\(digest)") == 0o440)
        #expect(try directory.mode("content/sha256/\(shard)") & 0o027 == 0)
        #expect(try directory.names("staging").isEmpty)
        #expect(try await storage.length(of: digest) == 200_000)
        #expect(try await storage.all(digest) == bytes)
    }

    @Test func `a reader reads anywhere, and no further than the end`() async throws {
        let bytes = someBytes(1000)
        let reader = try await storage.open(storage.put(bytes))
        #expect(try reader.read(at: 990, count: 100) == Array(bytes[990...]))
        #expect(try reader.read(at: 10, count: 5) == Array(bytes[10..<15]))
        #expect(try reader.read(at: 1000, count: 5) == [])
        #expect(try reader.read(at: -1, count: 5) == [])
        #expect(try reader.read(at: .max, count: 5) == [])
        reader.close()
        reader.close()
        #expect(throws: LivepatchError.self) { try reader.read(at: 0, count: 1) }
    }

    @Test func `what is not held is nil, not found, and nothing to remove`() async throws {
        let digest = SHA256Digest(of: [1])
        #expect(try await storage.length(of: digest) == nil)
        let error = await #expect(throws: LivepatchError.self) { try await storage.open(digest) }
        #expect(error?.code == .notFound)
        try await storage.remove(digest)
    }

    @Test func `content of no bytes is content`() async throws {
        let digest = try await storage.put([])
        #expect(try await storage.length(of: digest) == 0)
        #expect(try await storage.all(digest) == [])
    }

    @Test func `damaged content is replaced by putting it again, and read to the end by who has it open`() async throws {
        let bytes = someBytes(5000)
        let digest = try await storage.put(bytes)
        let path = directory.file("content/sha256/\(digest.description.prefix(2))/\(digest)")
        try FileManager.default.removeItem(atPath: path)
        try Data("damaged".utf8).write(to: URL(fileURLWithPath: path))
        let reader = try await storage.open(digest)
        try await storage.put(bytes)
        #expect(try reader.read(at: 0, count: 100) == Array("damaged".utf8))
        #expect(try await storage.all(digest) == bytes)
    }

    @Test func `contents come in order of digest, without what is none`() async throws {
        var expected: [StoredContent] = []
        for seed in 1...600 {
            let bytes = someBytes(seed, seed: UInt64(seed))
            expected.append(StoredContent(digest: try await storage.put(bytes), length: Int64(seed)))
        }
        expected.sort { $0.digest.description < $1.digest.description }
        let first = expected[0].digest.description
        try directory.write("content/sha256/README", "not content")
        try directory.write("content/sha256/\(first.prefix(2))/\(first).bak", "not content")
        var found: [StoredContent] = []
        for try await content in try await storage.contents() { found.append(content) }
        #expect(found == expected)
        try await storage.remove(expected[0].digest)
        found = []
        for try await content in try await storage.contents() { found.append(content) }
        #expect(found == Array(expected.dropFirst()))
    }

    @Test func `there is free space to speak of`() async throws {
        let free = try #require(try await storage.freeBytes())
        #expect(free > 0)
    }

    @Test func `a directory that is a file is refused with its name`() throws {
        try directory.write("occupied", "")
        let error = #expect(throws: LivepatchError.self) { try DirectoryPatchStorage(at: directory.file("occupied")) }
        #expect(error?.code == .storageUnavailable)
        #expect(error?.message.contains("occupied") == true)
    }

    @Test(arguments: ["content", "content/sha256", "staging"])
    func `a directory that somebody deletes under a running server is made again`(deleted: String) async throws {
        let before = try await storage.put(someBytes(1000))
        try FileManager.default.removeItem(atPath: directory.file(deleted))
        #expect(try await storage.stagedBytes() == 0)
        let bytes = someBytes(2000, seed: 2)
        let digest = try await storage.put(bytes)
        #expect(try await storage.all(digest) == bytes)
        try FileManager.default.removeItem(atPath: directory.file(deleted))
        let upload = try await storage.stageUpload(limit: 10)
        try await upload.append([1, 2, 3])
        let sealed = try await upload.seal()
        try await upload.keep()
        try await storage.synchronize()
        #expect(try await storage.all(sealed.digest) == [1, 2, 3])
        #expect(try await storage.length(of: before) == (deleted == "staging" ? 1000 : nil))
    }

    @Test func `content that arrives while its staging directory is deleted is refused, and can come again`() async throws {
        let bytes = someBytes(1000)
        let digest = SHA256Digest(of: bytes)
        let staged = try await storage.stage(digest, length: 1000)
        try await staged.append(bytes)
        try FileManager.default.removeItem(atPath: directory.file("staging"))
        let error = await #expect(throws: LivepatchError.self) { try await staged.finish() }
        #expect(error?.code == .storageUnavailable)
        await staged.close()
        #expect(try await storage.length(of: digest) == nil)
        try await storage.put(bytes)
        #expect(try await storage.all(digest) == bytes)
    }

    @Test func `a storage whose own directory is gone, perhaps unmounted, is not begun anew in its place`() async throws {
        try await storage.put([1])
        try FileManager.default.removeItem(atPath: directory.path)
        let error = await #expect(throws: LivepatchError.self) { try await storage.put([2]) }
        #expect(error?.code == .storageUnavailable)
        await #expect(throws: LivepatchError.self) { try await storage.stageUpload(limit: 10) }
        #expect(!FileManager.default.fileExists(atPath: directory.path))
    }

    @Test func `many arrivals at the same time come to their places`() async throws {
        let digests = try await withThrowingTaskGroup(of: SHA256Digest.self) { group in
            for seed in 1...200 { group.addTask { try await storage.put(someBytes(50_000, seed: UInt64(seed)), piece: 4096) } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        try await storage.synchronize()
        #expect(Set(digests).count == 200)
        for digest in digests { #expect(SHA256Digest(of: try await storage.all(digest)) == digest) }
    }
}
