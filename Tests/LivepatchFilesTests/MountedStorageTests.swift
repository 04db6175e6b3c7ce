import Foundation
import LivepatchKit
import Testing

@testable import LivepatchFiles

@Suite(.enabled(if: MountedDirectory.isPossible, "needs the right to mount a tmpfs"))
struct MountedStorageTests {
    @Test func `a full disk is said as such, loses nothing that was written, and is gone on with when there is room`()
        async throws
    {
        let mounted = try #require(MountedDirectory(bytes: 256 << 10))
        let storage = try DirectoryPatchStorage(at: mounted.path)
        let ballast = try await storage.put(someBytes(100_000, seed: 9))
        let bytes = someBytes(200_000)
        let digest = SHA256Digest(of: bytes)
        let staged = try await storage.stage(digest, length: 200_000)
        let error = await #expect(throws: LivepatchError.self) {
            for start in stride(from: 0, to: 200_000, by: 10_000) {
                try await staged.append(Array(bytes[start..<start + 10_000]))
            }
        }
        #expect(error?.code == .storageFull)
        #expect(error?.message.contains(mounted.path) == true)
        #expect(error?.suggestion != nil)
        #expect(try #require(try await storage.freeBytes()) < 4096)
        let arrived = Int(await staged.arrived)
        #expect(arrived > 100_000)
        #expect(try await storage.stagedBytes() == arrived)

        try await storage.remove(ballast)
        try await staged.append(Array(bytes[arrived...]))
        try await staged.finish()
        #expect(try await storage.all(digest) == bytes)
    }

    @Test func `a read-only file system is said as such, and still read from`() async throws {
        let mounted = try #require(MountedDirectory(bytes: 256 << 10))
        let storage = try DirectoryPatchStorage(at: mounted.path)
        let digest = try await storage.put([1, 2, 3])
        try #require(mounted.protect())
        let again = try DirectoryPatchStorage(at: mounted.path)
        #expect(try await again.all(digest) == [1, 2, 3])
        for attempt in [
            { _ = try await again.stage(SHA256Digest(of: [9]), length: 1) }, { _ = try await again.stageUpload(limit: 1) },
            { try await again.remove(digest) },
        ] as [() async throws -> Void] {
            let error = await #expect(throws: LivepatchError.self) { try await attempt() }
            #expect(error?.code == .storageUnavailable)
            #expect(error?.message.contains("read-only") == true)
        }
    }
}

@Suite(.enabled(if: geteuid() != 0, "permissions do not bind the superuser"))
struct ForbiddenStorageTests {
    @Test func `a directory without permission is said as such`() async throws {
        let directory = try TemporaryDirectory()
        let storage = try DirectoryPatchStorage(at: directory.path)
        chmod(directory.file("staging"), 0o500)
        defer { chmod(directory.file("staging"), 0o700) }
        let error = await #expect(throws: LivepatchError.self) { try await storage.stage(SHA256Digest(of: [9]), length: 1) }
        #expect(error?.code == .storageUnavailable)
        #expect(error?.message.contains("permission denied") == true)
    }
}
