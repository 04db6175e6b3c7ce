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
        try await Surroundings.with { here in
            var origin = try await GrowingOrigin(here, fileBytes: 300_000, random: SeededRandom(seed: 1))
            try await origin.release()
            let upstream = try await ObservedUpstream.start(before: origin.url)
            let server = try await here.server(
                "site", Self.settings(upstream, here), environment: ["LP_PATCH_SYNC_TOKEN": origin.token],
                wrapper: SmallDisk.wrapper(bytes: 4 << 20, at: here.folder("disk")))
            let disk = SmallDisk(of: server)
            let client = try await server.client()

            try await eventually("something has arrived") { disk.storage.staged().values.reduce(0, +) > 100_000 }
            try disk.fill()
            var report: SyncReport?
            try await eventually("the sync has ended\n\(server.log)") {
                report = try await client.syncReports(limit: 1).reports.first
                return report != nil
            }
            #expect(report?.result == .failed)
            #expect(report?.failures.map(\.code) == [LivepatchError.Code.storageFull.rawValue])
            #expect(try await ServerView(of: client).versions.isEmpty)

            let before = StagedBefore(disk.storage, try await ServerView(of: origin.client))
            let known = upstream.fetches.count
            #expect(!disk.storage.staged().isEmpty, "what had arrived is kept")
            try disk.makeRoom()
            for try await _ in try await client.triggerSync(wait: true) {}
            #expect(try await client.syncReports(limit: 1).reports.first?.result == .complete)
            before.check(Array(upstream.fetches.dropFirst(known)), "after there was room")
            #expect(try await ServerView(of: client) == ServerView(of: origin.client))
            try await server.stop()
            await upstream.stop()
        }
    }

    @Test(
        "is noticed before the first byte is fetched",
        .enabled("a small file system can be mounted here (as root, in a mount namespace)") { try await SmallDisk.isPossible() })
    func beforehand() async throws {
        try await Surroundings.with { here in
            var origin = try await GrowingOrigin(here, fileBytes: 300_000, random: SeededRandom(seed: 1))
            try await origin.release()
            let upstream = try await ObservedUpstream.start(before: origin.url)
            let server = try await here.server(
                "site", Self.settings(upstream, here), environment: ["LP_PATCH_SYNC_TOKEN": origin.token],
                wrapper: SmallDisk.wrapper(bytes: 1 << 20, at: here.folder("disk")))
            let client = try await server.client()
            try await eventually("the sync has ended\n\(server.log)") {
                try await !client.syncReports(limit: 1).reports.isEmpty
            }
            let report = try await client.syncReports(limit: 1).reports.first
            #expect(report?.failures.map(\.code) == [LivepatchError.Code.storageFull.rawValue])
            #expect(upstream.fetches.isEmpty)
            try await server.stop()
            await upstream.stop()
        }
    }

    private static func settings(_ upstream: ObservedUpstream, _ here: Surroundings) -> [String: String] {
        [
            "patch-sync.enabled": "true", "patch-sync.upstream-url": upstream.url, "patch-sync.sync-tiers": "true",
            "patch-sync.bandwidth-limit": "512K", "patch-storage.filesystem-path": here.path("disk"),
        ]
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
