import FoundationEssentials
import LivepatchFiles
import LivepatchKit
import LivepatchTesting
import Testing

@Suite("A patch storage")
struct PatchStorageTests {
    enum Kind: String, CaseIterable, Sendable {
        case directory, memory

        func with(_ body: (any PatchStorage) async throws -> Void) async throws {
            switch self {
            case .memory: try await body(InMemoryPatchStorage())
            case .directory:
                let directory = FileManager.default.temporaryDirectory.appending(path: "livepatch-\(UUID().uuidString)")
                defer { try? FileManager.default.removeItem(at: directory) }
                try await body(try DirectoryPatchStorage(at: directory.path))
            }
        }
    }

    private let bytes = Array("All the content that there is.".utf8)
    private var digest: SHA256Digest { SHA256Digest(of: bytes) }
    private var length: Int64 { Int64(bytes.count) }

    private func all(_ reader: any StoredContentReader) throws -> [UInt8] {
        defer { reader.close() }
        return try reader.read(at: 0, count: 1000)
    }

    @Test("content appears when all of it has arrived, and not before", arguments: Kind.allCases)
    func arrives(_ kind: Kind) async throws {
        try await kind.with { storage in
            let staged = try await storage.stage(digest, length: length)
            try await staged.append(Array(bytes.prefix(10)))
            try await staged.append(Array(bytes.dropFirst(10)))
            #expect(await staged.arrived == length)
            #expect(try await storage.length(of: digest) == nil)
            await expectError(.notFound) { _ = try await storage.open(digest) }
            try await staged.finish()
            try await storage.synchronize()
            #expect(try await storage.length(of: digest) == length)
            #expect(try await storage.stagedBytes() == 0)
            #expect(try await all(storage.open(digest)) == bytes)
            await expectError(.internalFault) { try await staged.append([1]) }
        }
    }

    @Test("an interrupted arrival goes on where it was", arguments: Kind.allCases)
    func resumes(_ kind: Kind) async throws {
        try await kind.with { storage in
            let first = try await storage.stage(digest, length: length)
            try await first.append(Array(bytes.prefix(10)))
            await expectError(.storageBusy) { _ = try await storage.stage(digest, length: length) }
            #expect(try await storage.discardStaged(except: []) == 0)
            await first.close()
            #expect(try await storage.stagedBytes() == 10)

            let second = try await storage.stage(digest, length: length)
            #expect(await second.arrived == 10)
            try await second.append(Array(bytes.dropFirst(10)))
            try await second.finish()
            #expect(try await storage.length(of: digest) == length)
        }
    }

    @Test("what does not fit its announcement is thrown away, and can begin again", arguments: Kind.allCases)
    func misfits(_ kind: Kind) async throws {
        try await kind.with { storage in
            let staged = try await storage.stage(digest, length: length)
            try await staged.append(bytes)
            await expectError(.lengthMismatch) { try await staged.append([0]) }
            #expect(await staged.arrived == 0)
            try await staged.append([1, 2, 3])
            await expectError(.lengthMismatch) { try await staged.finish() }
            try await staged.append(bytes.reversed())
            await expectError(.digestMismatch) { try await staged.finish() }
            #expect(await staged.arrived == 0)
            try await staged.append([1, 2, 3])
            try await staged.restart()
            try await staged.append(bytes)
            try await staged.finish()
            #expect(try await all(storage.open(digest)) == bytes)
        }
    }

    @Test("leftovers are discarded, but for those that are still wanted", arguments: Kind.allCases)
    func discards(_ kind: Kind) async throws {
        try await kind.with { storage in
            for text in ["wanted", "unwanted"] {
                let staged = try await storage.stage(hash(text), length: 100)
                try await staged.append(Array(text.utf8))
                await staged.close()
            }
            #expect(try await storage.discardStaged(except: [hash("wanted")]) == 8)
            #expect(try await storage.stagedBytes() == 6)
            let staged = try await storage.stage(hash("wanted"), length: 100)
            await staged.discard()
            #expect(try await storage.stagedBytes() == 0)
        }
    }

    @Test("what arrives can be read meanwhile, and afterwards", arguments: Kind.allCases)
    func arriving(_ kind: Kind) async throws {
        try await kind.with { storage in
            let staged = try await storage.stage(digest, length: length)
            let reader = try await staged.open()
            #expect(reader.length == length)
            #expect(try reader.read(at: 0, count: 10).isEmpty)
            try await staged.append(Array(bytes.prefix(20)))
            #expect(try reader.read(at: 5, count: 1000) == Array(bytes[5..<20]))
            #expect(try reader.read(at: 20, count: 10).isEmpty && reader.read(at: length, count: 1).isEmpty)
            try await staged.restart()
            #expect(try reader.read(at: 0, count: 10).isEmpty)
            try await staged.append(bytes)
            try await staged.finish()
            #expect(try reader.read(at: 0, count: bytes.count) == bytes)
            reader.close()
            await expectError(.internalFault) { _ = try await staged.open() }
        }
    }

    @Test("an upload is known by its end, and kept or thrown away", arguments: Kind.allCases)
    func uploads(_ kind: Kind) async throws {
        try await kind.with { storage in
            let upload = try await storage.stageUpload(limit: length)
            try await upload.append(bytes)
            await expectError(.patchTooLarge) { try await upload.append([0]) }
            #expect(try await upload.seal() == StoredContent(digest: digest, length: length))
            #expect(try await all(upload.open()) == bytes)
            #expect(try await storage.length(of: digest) == nil)
            try await upload.keep()
            await upload.discard()
            #expect(try await storage.length(of: digest) == length)

            let other = try await storage.stageUpload(limit: 10)
            try await other.append([1])
            await other.discard()
            #expect(try await storage.stagedBytes() == 0)
        }
    }

    @Test("contents come in order of digest, and can be removed", arguments: Kind.allCases)
    func contents(_ kind: Kind) async throws {
        try await kind.with { storage in
            for text in ["a", "bb", "ccc", "dddd"] {
                let staged = try await storage.stage(hash(text), length: Int64(text.utf8.count))
                try await staged.append(Array(text.utf8))
                try await staged.finish()
            }
            try await storage.remove(hash("a"))
            try await storage.remove(hash("unknown"))
            var found: [StoredContent] = []
            for try await content in try await storage.contents() { found.append(content) }
            let expected = ["bb", "ccc", "dddd"].map { StoredContent(digest: hash($0), length: Int64($0.utf8.count)) }
            #expect(found == expected.sorted { $0.digest.description < $1.digest.description })
        }
    }

    @Test("memory can be as full as a disk: what fitted stays, and goes on when there is room")
    func full() async throws {
        let storage = InMemoryPatchStorage(capacity: 10)
        let staged = try await storage.stage(digest, length: length)
        await expectError(.storageFull) { try await staged.append(bytes) }
        #expect(await staged.arrived == 10)
        #expect(try await storage.freeBytes() == 0)
        storage.capacity = 1000
        try await staged.append(Array(bytes.dropFirst(10)))
        try await staged.finish()
        #expect(try await storage.freeBytes() == 1000 - length)

        let upload = try await storage.stageUpload(limit: 5000)
        await expectError(.storageFull) { try await upload.append(Array(repeating: 0, count: 2000)) }
        await upload.discard()
        #expect(try await storage.freeBytes() == 1000 - length)
    }

    @Test("memory fails where a test wants it to, and can be damaged")
    func faults() async throws {
        let storage = InMemoryPatchStorage { step in
            switch step {
            case .append(_, let offset, _) where offset > 5: throw LivepatchError(.storageUnavailable, "The disk is gone.")
            case .remove, .synchronize: throw LivepatchError(.storageUnavailable, "The disk is gone.")
            default: break
            }
        }
        let staged = try await storage.stage(digest, length: length)
        try await staged.append(Array(bytes.prefix(10)))
        await expectError(.storageUnavailable) { try await staged.append(Array(bytes.dropFirst(10))) }
        #expect(await staged.arrived == 10)
        await expectError(.storageUnavailable) { try await storage.synchronize() }
        await expectError(.storageUnavailable) { try await storage.remove(digest) }

        let content = storage.put(bytes)
        storage.damage(content.digest) { $0[0] ^= 1 }
        #expect(try await storage.length(of: digest) == length)
        #expect(try await all(storage.open(digest)) != bytes)
    }

    @Test("a drop folder in memory offers, gives and refuses what was dropped")
    func dropFolder() async throws {
        let folder = InMemoryDropFolder()
        for name in ["b", "a", ".hidden", "c.part"] { folder.drop(name, bytes, modified: noon) }
        let expected = ["a", "b"].map { DroppedFile(name: $0, length: length, modified: noon) }
        #expect(try await folder.candidates() == expected)
        #expect(try await all(folder.open("a")) == bytes)
        try await folder.refuse("a", reason: "no")
        try await folder.remove("b")
        try await folder.remove("b")
        #expect(folder.refused == ["a": "no"])
        await expectError(.notFound) { _ = try await folder.open("a") }
    }
}
