import Foundation
import LivepatchKit
import Testing

@testable import LivepatchFiles

@Suite struct StagingTests {
    let directory: TemporaryDirectory
    let storage: DirectoryPatchStorage

    init() throws {
        directory = try TemporaryDirectory()
        storage = try DirectoryPatchStorage(at: directory.path)
    }

    @Test(arguments: [0, 1, 4096, 65_537, 299_999, 300_000])
    func `an arrival goes on where it was interrupted, in another process too`(interruptedAt: Int) async throws {
        let bytes = someBytes(300_000)
        let digest = SHA256Digest(of: bytes)
        let first = try await storage.stage(digest, length: 300_000)
        try await first.append(Array(bytes[..<interruptedAt]))
        // What is appended is in the file at once; nothing waits for a close that a kill would prevent.
        #expect(try await storage.stagedBytes() == interruptedAt)
        await first.close()

        let again = try DirectoryPatchStorage(at: directory.path)
        let second = try await again.stage(digest, length: 300_000)
        #expect(await second.arrived == Int64(interruptedAt))
        try await second.append(Array(bytes[interruptedAt...]))
        try await second.finish()
        #expect(try await again.all(digest) == bytes)
        #expect(try directory.names("staging").isEmpty)
    }

    @Test func `bytes of another digest are thrown away, and the arrival can begin again`() async throws {
        let bytes = someBytes(1000)
        let digest = SHA256Digest(of: bytes)
        let staged = try await storage.stage(digest, length: 1000)
        try await staged.append(someBytes(1000, seed: 2))
        let error = await #expect(throws: LivepatchError.self) { try await staged.finish() }
        #expect(error?.code == .digestMismatch)
        #expect(error?.message.contains(digest.description) == true)
        #expect(await staged.arrived == 0)
        #expect(try await storage.length(of: digest) == nil)
        try await staged.append(bytes)
        try await staged.finish()
        #expect(try await storage.all(digest) == bytes)
    }

    @Test func `more than announced is refused and thrown away`() async throws {
        let bytes = someBytes(1000)
        let staged = try await storage.stage(SHA256Digest(of: bytes), length: 1000)
        try await staged.append(bytes)
        let error = await #expect(throws: LivepatchError.self) { try await staged.append([0]) }
        #expect(error?.code == .lengthMismatch)
        await staged.close()
        #expect(try directory.names("staging").isEmpty)
    }

    @Test func `less than announced is refused at the end`() async throws {
        let bytes = someBytes(1000)
        let staged = try await storage.stage(SHA256Digest(of: bytes), length: 1000)
        try await staged.append(Array(bytes[..<999]))
        let error = await #expect(throws: LivepatchError.self) { try await staged.finish() }
        #expect(error?.code == .lengthMismatch)
        #expect(try await storage.length(of: SHA256Digest(of: bytes)) == nil)
    }

    @Test func `a left-over that is longer than announced is begun again`() async throws {
        let bytes = someBytes(100)
        let digest = SHA256Digest(of: bytes)
        try directory.write("staging/\(digest).part", String(repeating: "x", count: 101))
        let staged = try await storage.stage(digest, length: 100)
        #expect(await staged.arrived == 0)
        try await staged.append(bytes)
        try await staged.finish()
    }

    @Test func `the same content cannot arrive twice at the same time`() async throws {
        let digest = SHA256Digest(of: [1, 2])
        let first = try await storage.stage(digest, length: 2)
        let other = try DirectoryPatchStorage(at: directory.path)
        let error = await #expect(throws: LivepatchError.self) { try await other.stage(digest, length: 2) }
        #expect(error?.code == .storageBusy)
        await first.close()
        await (try other.stage(digest, length: 2)).discard()
    }

    @Test func `after its end an arrival takes nothing more`() async throws {
        let staged = try await storage.stage(SHA256Digest(of: [7]), length: 1)
        try await staged.append([7])
        try await staged.finish()
        await #expect(throws: LivepatchError.self) { try await staged.append([7]) }
        await staged.discard()
        await staged.close()
        #expect(try await storage.length(of: SHA256Digest(of: [7])) == 1)
    }

    @Test func `cleaning takes what a crash left, except what is wanted and what is arriving`() async throws {
        let wanted = SHA256Digest(of: [1])
        let unwanted = SHA256Digest(of: [2])
        let arriving = SHA256Digest(of: [3])
        try directory.write("staging/\(wanted).part", "123")
        try directory.write("staging/\(unwanted).part", "1234")
        try directory.write("staging/upload-1f.part", "12345")
        try directory.write("staging/notes.txt", "not ours")
        let staged = try await storage.stage(arriving, length: 10)
        try await staged.append([3])
        #expect(try await storage.stagedBytes() == 13)
        #expect(try await storage.discardStaged(except: [wanted]) == 9)
        #expect(try directory.names("staging") == ["\(arriving).part", "\(wanted).part", "notes.txt"].sorted())
        await staged.close()
        #expect(try await storage.discardStaged(except: []) == 4)
        #expect(try directory.names("staging") == ["notes.txt"])
    }

    @Test func `an upload is sealed, read, and then kept`() async throws {
        let bytes = someBytes(100_000)
        let upload = try await storage.stageUpload(limit: 100_000)
        try await upload.append(Array(bytes[..<40_000]))
        try await upload.append(Array(bytes[40_000...]))
        let sealed = try await upload.seal()
        #expect(sealed == StoredContent(digest: SHA256Digest(of: bytes), length: 100_000))
        #expect(try await storage.length(of: sealed.digest) == nil)
        let reader = try await upload.open()
        #expect(try reader.read(at: 50_000, count: 10) == Array(bytes[50_000..<50_010]))
        try await upload.keep()
        #expect(try reader.read(at: 0, count: 10) == Array(bytes[..<10]))
        await upload.discard()
        #expect(try await storage.all(sealed.digest) == bytes)
        #expect(try directory.names("staging").isEmpty)
    }

    @Test func `an upload beyond its limit is refused`() async throws {
        let upload = try await storage.stageUpload(limit: 10)
        try await upload.append(someBytes(10))
        let error = await #expect(throws: LivepatchError.self) { try await upload.append([1]) }
        #expect(error?.code == .patchTooLarge)
    }

    @Test func `an upload that nobody ends leaves nothing behind`() async throws {
        func abandon() async throws {
            let upload = try await storage.stageUpload(limit: 10)
            try await upload.append([1])
            #expect(try directory.names("staging").count == 1)
        }
        try await abandon()
        // A lane lets go of what it has done before it does the next thing; this is one for each of them.
        for _ in 0..<8 { _ = try await storage.stagedBytes() }
        #expect(try directory.names("staging").isEmpty)
        let discarded = try await storage.stageUpload(limit: 10)
        await discarded.discard()
        #expect(try directory.names("staging").isEmpty)
    }
}
