import Foundation
import LivepatchKit
import Testing

@testable import LivepatchFiles

@Suite("Restoring a backup")
struct BackupRestorationTests {
    /// Members in memory.
    private struct Archive: BundleArchive {
        var order: [String]
        var members: [String: [UInt8]]

        init(_ files: [(name: String, bytes: [UInt8])]) throws {
            let list = files.map {
                BackupManifest.Member(name: $0.name, length: Int64($0.bytes.count), digest: SHA256Digest(of: $0.bytes))
            }
            let manifest = BackupManifest(
                created: Date(timeIntervalSince1970: 0), deployment: try DeploymentID(parsing: "origin"), release: "1", keys: nil,
                includesPatches: true, members: list)
            order = ["backup.json"] + files.map(\.name)
            members = Dictionary(files.map { ($0.name, $0.bytes) }) { $1 }
            members["backup.json"] = try DocumentCoding.encode(manifest)
        }

        var first: String? { order.first }
        var lengths: [String: Int64] { members.mapValues { Int64($0.count) } }
        func read(_ name: String, at offset: Int64, count: Int) throws -> [UInt8] {
            try BytesInMemory(members[name] ?? []).read(at: offset, count: count)
        }
    }

    private static let patch = Array("a patch".utf8)
    private static let files: [(name: String, bytes: [UInt8])] = [
        ("trust/published/origins/root.json", Array("root".utf8)), ("bundles/stable.json", Array("{}".utf8)),
        ("livepatch.db", Array("rows".utf8)), ("content/sha256/\(SHA256Digest(of: patch))", patch),
    ]

    private func withDirectory(_ body: (TemporaryDirectory) async throws -> Void) async throws {
        let directory = try TemporaryDirectory()
        try await body(directory)
        withExtendedLifetime(directory) {}
    }

    private struct Unfit: Error {}

    private func restore(
        _ archive: Archive, into directory: DataDirectory, check: @escaping @Sendable (String) throws -> Void = { _ in }
    ) async throws {
        try await BackupRestoration(Backup(archive), into: directory, key: nil, checkDatabase: check).run()
    }

    private func tree(_ path: String) throws -> [String] {
        try FileManager.default.subpathsOfDirectory(atPath: path).sorted()
    }

    @Test("puts everything in place, the database for its owner alone")
    func whole() async throws {
        try await withDirectory { directory in
            let data = DataDirectory(directory.path + "/new/data")
            try await restore(Archive(Self.files), into: data)
            for (name, bytes) in Self.files where !name.hasPrefix("content") {
                #expect(FileManager.default.contents(atPath: "\(data.path)/\(name)").map(Array.init) == bytes, "\(name)")
            }
            let storage = try DirectoryPatchStorage(at: data.patches)
            #expect(try await storage.length(of: SHA256Digest(of: Self.patch)) == Int64(Self.patch.count))
            let mode = try FileManager.default.attributesOfItem(atPath: data.database)[.posixPermissions] as? Int
            #expect(mode == 0o600)
            #expect(!FileManager.default.fileExists(atPath: data.path + "/restoring"))
            try BackupRestoration.requireNoneInterrupted(in: data)
        }
    }

    @Test("refuses a directory that holds something, and changes nothing in it")
    func notEmpty() async throws {
        try await withDirectory { directory in
            let data = DataDirectory(directory.path)
            try Data("mine".utf8).write(to: URL(fileURLWithPath: "\(data.path)/notes.txt"))
            await #expect { try await restore(Archive(Self.files), into: data) } throws: { error in
                (error as? LivepatchError)?.code == .restoreRefused && "\(error)".contains("notes.txt")
            }
            #expect(try tree(data.path) == ["notes.txt"])
        }
    }

    @Test("writes nothing of a backup that is damaged")
    func damaged() async throws {
        try await withDirectory { directory in
            for (name, _) in Self.files {
                var archive = try Archive(Self.files)
                archive.members[name]?[0] ^= 1
                await #expect { try await restore(archive, into: DataDirectory(directory.path)) } throws: { error in
                    (error as? LivepatchError)?.code == .backupInvalid && "\(error)".contains(name)
                }
                #expect(try tree(directory.path).isEmpty)
            }
        }
    }

    @Test("takes everything away again where the database is not one for this release")
    func unfit() async throws {
        try await withDirectory { directory in
            let data = DataDirectory(directory.path)
            await #expect(throws: Unfit.self) {
                try await restore(Archive(Self.files), into: data) { _ in throw Unfit() }
            }
            let left = try tree(data.path)
            #expect(!left.contains("livepatch.db") && !left.contains("restoring") && !left.contains("trust"), "\(left)")
            // Patch files may stay; they are in nobody's way.
            try await restore(Archive(Self.files), into: data)
            try BackupRestoration.requireNoneInterrupted(in: data)
        }
    }

    @Test("begins anew where it was interrupted, at any step, and no server takes what is there for whole before")
    func interrupted() async throws {
        for done in 0...3 {
            try await withDirectory { directory in
                let data = DataDirectory(directory.path)
                try FileManager.default.createDirectory(atPath: data.path + "/restoring/trust", withIntermediateDirectories: true)
                try Data("half".utf8).write(to: URL(fileURLWithPath: "\(data.path)/restoring/livepatch.db"))
                for name in ["trust", "bundles", "keys"].prefix(done) {
                    try FileManager.default.createDirectory(atPath: "\(data.path)/\(name)", withIntermediateDirectories: true)
                    try Data("old".utf8).write(to: URL(fileURLWithPath: "\(data.path)/\(name)/left"))
                }
                #expect(throws: LivepatchError.self) { try BackupRestoration.requireNoneInterrupted(in: data) }
                try await restore(Archive(Self.files), into: data)
                try BackupRestoration.requireNoneInterrupted(in: data)
                #expect(FileManager.default.contents(atPath: data.database).map(Array.init) == Array("rows".utf8))
                #expect(!FileManager.default.fileExists(atPath: data.path + "/trust/left"))
            }
        }
    }

    @Test("waits for no server: one that holds the directory is named")
    func inUse() async throws {
        try await withDirectory { directory in
            let data = DataDirectory(directory.path)
            let held: Bool? = try await data.serverLock().tryExclusive {
                await #expect { try await restore(Archive(Self.files), into: data) } throws: { error in
                    (error as? LivepatchError)?.code == .storageBusy
                }
                return true
            }
            #expect(held == true)
            #expect(try tree(data.path) == ["server.lock"])
        }
    }

    @Test("a part of a backup holds the files below a directory, without locks and what was half written")
    func parts() async throws {
        try await withDirectory { directory in
            for name in ["a/x.json", "a/.gone/y.json", "z.tmp", "q.lock", "b"] {
                let file = URL(fileURLWithPath: "\(directory.path)/part/\(name)")
                try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
                try Data(name.utf8).write(to: file)
            }
            let part = DirectoryBackupPart(directory.path + "/part") { .trust($0) }
            let entries = try await part.open()
            #expect(entries.map(\.member.name) == ["trust/a/x.json", "trust/b"])
            #expect(try entries.first?.content.read(at: 0, count: 100) == Array("a/x.json".utf8))
            #expect(try await DirectoryBackupPart(directory.path + "/none") { .trust($0) }.open().isEmpty)
        }
    }

    @Test("a snapshot needs its room, leaves no name behind, and takes away what a killed process left")
    func snapshots() async throws {
        try await withDirectory { directory in
            let path = directory.path + "/backup"
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
            try Data("left".utf8).write(to: URL(fileURLWithPath: "\(path)/old.db"))
            let part = SnapshotBackupPart(
                in: path, bytes: { 4 }, copy: { try Data("rows".utf8).write(to: URL(fileURLWithPath: $0)) })
            let entry = try #require(try await part.open().first)
            #expect(try tree(path).isEmpty)
            #expect(try entry.content.read(at: 0, count: 100) == Array("rows".utf8))
            let huge = SnapshotBackupPart(in: path, bytes: { .max }, copy: { _ in Issue.record("it does not fit") })
            await #expect { _ = try await huge.open() } throws: { ($0 as? LivepatchError)?.code == .storageFull }
        }
    }
}
