import Foundation
import LivepatchKit
import Processes
import Testing

/// A server that cannot start says why in one sentence and what to do in another, ends with a status of sysexits(3), and has changed
/// nothing.
@Suite("A start that fails", .serialized) struct StartFailureTests {
    struct Failure: CustomTestStringConvertible, Sendable {
        let name: String
        let status: Int32
        /// What it says, among other things.
        let words: [String]
        /// Spoils what a server has left in its data directory.
        let spoil: @Sendable (_ data: String) throws -> Void
        var settings: [String: String] = [:]
        /// What the server runs in, given its data directory.
        var wrapper: @Sendable (_ data: String) -> [String] = { _ in [] }
        /// Whether it takes root to bring this about.
        var needsRoot = false

        var testDescription: String { name }
    }

    private static let failures: [Failure] = [
        Failure(name: "a database that was cut off", status: 74, words: ["livepatch.db", "cut off", "backup"]) { data in
            let file = try FileHandle(forWritingTo: URL(fileURLWithPath: data + "/livepatch.db"))
            try file.truncate(atOffset: 20_000)
        },
        Failure(
            name: "a database whose beginning was overwritten", status: 78, words: ["livepatch.db", "not an SQLite database"]
        ) {
            try overwrite($0 + "/livepatch.db", at: 0, with: Data(repeating: 0xAA, count: 512))
        },
        Failure(name: "a database with a damaged page", status: 74, words: ["livepatch.db", "damaged", "restore"]) { data in
            for page in [1, 2, 3, 5, 8] {
                try overwrite(data + "/livepatch.db", at: UInt64(page * 4096), with: Data(repeating: 0x5A, count: 4096))
            }
        },
        Failure(name: "another program's database", status: 78, words: ["livepatch.db", "another program"]) {
            // application_id of "Fossil checkout", at byte 68 of the header.
            try overwrite($0 + "/livepatch.db", at: 68, with: Data([0x0F, 0x05, 0x51, 0x12]))
        },
        Failure(name: "a text file in place of the database", status: 78, words: ["not an SQLite database"]) {
            try Data("All work and no play makes Jack a dull boy.\n".utf8).write(to: URL(fileURLWithPath: $0 + "/livepatch.db"))
        },
        Failure(name: "a directory in place of the database", status: 74, words: ["livepatch.db", "not a regular file"]) {
            try FileManager.default.removeItem(atPath: $0 + "/livepatch.db")
            try FileManager.default.createDirectory(atPath: $0 + "/livepatch.db", withIntermediateDirectories: false)
        },
        Failure(name: "an interrupted restoration", status: 73, words: ["restoration", "interrupted", "restore"]) {
            try FileManager.default.createDirectory(atPath: $0 + "/restoring", withIntermediateDirectories: false)
        },
        Failure(name: "a data directory that is a file", status: 74, words: ["not a directory", "--data-dir"]) {
            try FileManager.default.removeItem(atPath: $0)
            try Data("x".utf8).write(to: URL(fileURLWithPath: $0))
        },
        Failure(
            name: "a storage below a file", status: 74, words: ["not a directory"], spoil: { _ in },
            settings: ["patch-storage.filesystem-path": "/dev/null/patches"]),
        Failure(
            name: "an address that this machine does not have", status: 75, words: ["192.0.2.1", "no such address"],
            spoil: { _ in },
            settings: ["server.server-address": "192.0.2.1:8080"]),
        Failure(
            name: "a read-only disk", status: 74, words: ["read-only"], spoil: { _ in },
            wrapper: { data in
                [
                    "/usr/bin/unshare", "--mount", "/bin/sh", "-c",
                    "mount --bind \"$0\" \"$0\" && mount -o remount,ro,bind \"$0\" && exec \"$@\"", data,
                ]
            }, needsRoot: true),
        Failure(
            name: "a full disk", status: 74, words: ["full"], spoil: { _ in },
            wrapper: { data in
                [
                    "/usr/bin/unshare", "--mount", "/bin/sh", "-c",
                    "mount -t tmpfs -o size=64k livepatch \"$0\" && exec \"$@\"", data,
                ]
            }, needsRoot: true),
        Failure(
            name: "somebody else's data directory", status: 74, words: ["permission denied", "own"], spoil: { _ in },
            wrapper: { _ in ["/usr/bin/setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] }, needsRoot: true),
        Failure(
            name: "a directory that may not be made", status: 74, words: ["permission denied"],
            spoil: { try FileManager.default.removeItem(atPath: $0) },
            wrapper: { _ in ["/usr/bin/setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] }, needsRoot: true),
    ]

    private static func overwrite(_ path: String, at offset: UInt64, with bytes: Data) throws {
        let file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
        try file.seek(toOffset: offset)
        try file.write(contentsOf: bytes)
        try file.close()
    }

    /// Every file below a directory, with the digest of what it holds. SQLite's index of its log is memory that has a name: whoever
    /// reads the database first makes it anew, and nothing else is ever in it.
    private static func tree(_ path: String) -> [String: String] {
        var tree: [String: String] = [:]
        for name in (FileManager.default.enumerator(atPath: path)?.allObjects as? [String]) ?? [] {
            guard !name.hasSuffix(".db-shm") else { continue }
            let bytes = FileManager.default.contents(atPath: "\(path)/\(name)")
            tree[name] = bytes.map { SHA256Digest(of: Array($0)).description } ?? "directory"
        }
        return tree
    }

    private static var isRoot: Bool { geteuid() == 0 }

    @Test("says why, ends with its status, and leaves the disk as it was", arguments: failures)
    func failure(_ failure: Failure) async throws {
        guard !failure.needsRoot || Self.isRoot else { return }
        try await Surroundings.with { here in
            // Others have to reach it for the wrong owner to be what stops them.
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: here.directory)
            let folder = try here.folder("place")
            let data = folder + "/data"
            let server = try await here.server("place/data")
            let administrator = try await server.administrator()
            try await administrator.importPatches("--versions 100.1 --kernels 1")
            try await server.stop()
            try failure.spoil(data)
            let before = Self.tree(folder)
            let process = try here.start(
                .server, here.serverArguments("place/data", failure.settings), environment: here.serverEnvironment(),
                wrapper: failure.wrapper(data))
            let ending = try await process.end(within: .seconds(30))
            let said = process.errors.text
            #expect(ending == .exited(failure.status), "\(said)")
            for word in failure.words { #expect(said.contains(word), "'\(word)' is not in: \(said)") }
            #expect(said.split(separator: "\n").count == 1, "one line says it: \(said)")
            #expect(!process.output.text.contains("ready on"))
            #expect(Self.tree(folder) == before, "something was changed")

            // The same without a start.
            let check = try here.start(
                .server, here.serverArguments("place/data", failure.settings) + ["--check-config"],
                environment: here.serverEnvironment(), wrapper: failure.wrapper(data))
            #expect(try await check.end(within: .seconds(30)) == .exited(failure.status), "\(check.errors.text)")
            for word in failure.words { #expect(check.errors.text.contains(word), "'\(word)' is not in: \(check.errors.text)") }
            #expect(Self.tree(folder) == before, "the check changed something")
        }
    }

    @Test("for want of a port or of the data directory is what another server's start is, and --check-config warns of it")
    func inUse() async throws {
        try await Surroundings.with { here in
            let server = try await here.server("data")
            let settings = ["server.server-address": "127.0.0.1:\(server.port)"]
            let taken = try await here.run(
                .server, here.serverArguments("other", settings), environment: here.serverEnvironment())
            #expect(taken.status == 75 && taken.errors.contains("\(server.port)"), "\(taken)")
            #expect(!FileManager.default.fileExists(atPath: here.path("other")), "nothing was made")
            let check = try await here.run(.server, here.serverArguments("data", settings) + ["--check-config"])
            #expect(check.status == 0, "\(check)")
            #expect(check.errors.contains("Another livepatch-server") && check.errors.contains("\(server.port)"), "\(check)")
        }
    }

    @Test("--check-config finds a server with these settings well, and tells what would be made")
    func well() async throws {
        try await Surroundings.with { here in
            let fresh = try await here.run(.server, here.serverArguments("data") + ["--check-config"])
            #expect(fresh.status == 0 && fresh.errors.contains("no database yet"), "\(fresh)")
            #expect(!FileManager.default.fileExists(atPath: here.path("data")))
            let server = try await here.server("data")
            try await server.stop()
            let before = Self.tree(here.path("data"))
            let again = try await here.run(.server, here.serverArguments("data") + ["--check-config"])
            #expect(again.status == 0 && again.errors.contains("whole and up to date"), "\(again)")
            #expect(Self.tree(here.path("data")) == before)
            let upstream = [
                "patch-sync.enabled": "true", "patch-sync.upstream-url": "http://upstream.example.com",
                "patch-sync.token": "00000000-0000-4000-8000-000000000000",
            ]
            let clear = try await here.run(.server, here.serverArguments("data", upstream) + ["--check-config"])
            #expect(clear.errors.contains("in the clear"), "\(clear)")
        }
    }
}
