import Foundation
import LivepatchAPI
import LivepatchHTTP
import LivepatchKit
import PatchGenerator
import Processes
import Testing

@Suite("A full disk") struct FullDiskTests {
    @Test(
        "ends a sync with the old view, keeps what had arrived, and once there is room the next sync goes on from there",
        .enabled("a small file system can be mounted here (as root, in a mount namespace)") { try await SmallDisk.isPossible() })
    func inTheMiddle() async throws {
        try await withChain(
            fileBytes: 300_000, ["patch-sync.bandwidth-limit": "512K"], wrapper: { SmallDisk.wrapper(bytes: 4 << 20, at: $0) }
        ) { chain in
            let disk = SmallDisk(of: chain.server)
            try await eventually("something has arrived") { disk.storage.staged().values.reduce(0, +) > 100_000 }
            try disk.fill()
            try await chain.expectFullAndThenRoom(disk.storage) { try disk.makeRoom() }
        }
    }

    @Test("is what a limit on the size of files is like, which anybody can set")
    func limitOnFiles() async throws {
        try await withChain(fileBytes: 12_000_000, [:], wrapper: { _ in FileSizeLimit.wrapper(kilobytes: 8192) }) { chain in
            try await chain.expectFullAndThenRoom(StorageFiles(directory: chain.server.storageDirectory)) {
                try FileSizeLimit.lift(of: chain.server)
            }
        }
    }

    @Test(
        "is noticed before the first byte is fetched",
        .enabled("a small file system can be mounted here (as root, in a mount namespace)") { try await SmallDisk.isPossible() })
    func beforehand() async throws {
        try await withChain(fileBytes: 300_000, [:], wrapper: { SmallDisk.wrapper(bytes: 1 << 20, at: $0) }) { chain in
            let report = try await chain.firstReport()
            #expect(Set(report.failures.map(\.code)) == [LivepatchError.Code.storageFull.rawValue])
            #expect(chain.upstream.fetches.isEmpty)
        }
    }

    private struct Chain {
        let origin: GrowingOrigin
        let upstream: ObservedUpstream
        let server: RunningServer
        let client: AdminClient

        func firstReport() async throws -> SyncReport {
            try await eventually("the sync has ended\n\(server.log)") {
                try await !client.syncReports(limit: 1).reports.isEmpty
            }
            return try #require(try await client.syncReports(limit: 1).reports.first)
        }

        /// The first sync fails for want of room; after some was made the next one goes on.
        func expectFullAndThenRoom(_ storage: StorageFiles, makeRoom: () throws -> Void) async throws {
            let report = try await firstReport()
            #expect(report.result == .failed)
            #expect(report.failures.map(\.code) == [LivepatchError.Code.storageFull.rawValue])
            #expect(try await ServerView(of: client).versions.isEmpty)

            let before = StagedBefore(storage, try await ServerView(of: origin.client))
            let known = upstream.fetches.count
            #expect(!storage.staged().isEmpty, "what had arrived is kept")
            try makeRoom()
            for try await _ in try await client.triggerSync(wait: true) {}
            #expect(try await client.syncReports(limit: 1).reports.first?.result == .complete)
            before.check(Array(upstream.fetches.dropFirst(known)), "after there was room")
            #expect(try await ServerView(of: client) == ServerView(of: origin.client))
        }
    }

    /// An origin with one release, and a server below it whose process, and storage in a directory of its own, a wrapper bounds.
    private func withChain(
        fileBytes: Int, _ settings: [String: String], wrapper: (String) -> [String], _ body: (Chain) async throws -> Void
    ) async throws {
        try await Surroundings.with { here in
            var origin = try await GrowingOrigin(here, fileBytes: fileBytes, random: SeededRandom(seed: 1))
            try await origin.release()
            let upstream = try await ObservedUpstream.start(before: origin.url)
            let disk = try here.folder("disk")
            let all = [
                "patch-sync.enabled": "true", "patch-sync.upstream-url": upstream.url, "patch-sync.sync-tiers": "true",
                "patch-storage.filesystem-path": disk,
            ].merging(settings) { $1 }
            let server = try await here.server(
                "site", all, environment: ["LP_PATCH_SYNC_TOKEN": origin.token], wrapper: wrapper(disk))
            let client = try await ServerAccess(to: server).client(of: server)
            try await body(Chain(origin: origin, upstream: upstream, server: server, client: client))
            await client.close()
            try await server.stop()
            await upstream.stop()
        }
    }
}

/// A file system in memory that only one process sees, and that ends with it.
private struct SmallDisk {
    private let path: String
    var storage: StorageFiles { StorageFiles(directory: path) }

    init(of server: RunningServer) {
        path = "/proc/\(server.process.processID)/root\(server.storageDirectory)"
    }

    /// What goes before a command so that it has such a file system.
    static func wrapper(bytes: Int, at path: String) -> [String] {
        [
            "/usr/bin/unshare", "--mount", "/bin/sh", "-c", "mount -t tmpfs -o size=\(bytes) livepatch \"$0\" && exec \"$@\"",
            path,
        ]
    }

    static func isPossible() async throws -> Bool {
        guard FileManager.default.isExecutableFile(atPath: "/usr/bin/unshare") else { return false }
        return try await Surroundings.with { here in
            let process = try ChildProcess(
                "/bin/sh", ["-c", "\"$@\"", "sh"] + wrapper(bytes: 1 << 20, at: here.folder("disk")) + ["/bin/true"],
                environment: here.environment(), directory: here.directory)
            return try await process.end() == .exited(0)
        }
    }

    /// Takes all the room that is left.
    func fill() throws {
        _ = FileManager.default.createFile(atPath: "\(path)/ballast", contents: nil)
        guard let file = FileHandle(forWritingAtPath: "\(path)/ballast") else { throw CocoaError(.fileWriteUnknown) }
        for size in [64 << 10, 4 << 10] {
            while (try? file.write(contentsOf: Data(count: size))) != nil {}
        }
        try file.close()
    }

    func makeRoom() throws { try FileManager.default.removeItem(atPath: "\(path)/ballast") }
}

/// A bound on how long any file of a process may become.
private enum FileSizeLimit {
    /// What goes before a command so that its writes beyond that fail; the signal that would end it is ignored.
    static func wrapper(kilobytes: Int) -> [String] {
        // POSIX counts in units of 512 bytes.
        ["/bin/sh", "-c", "trap '' XFSZ && ulimit -S -f \(2 * kilobytes) && exec \"$0\" \"$@\""]
    }

    static func lift(of server: RunningServer) throws {
        let command = try Process.run(
            URL(fileURLWithPath: "/usr/bin/prlimit"),
            arguments: ["--pid", "\(server.process.processID)", "--fsize=unlimited:unlimited"])
        command.waitUntilExit()
        #expect(command.terminationStatus == 0)
    }
}
