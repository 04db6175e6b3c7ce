import Foundation
import LivepatchKit
import Processes
import Synchronization
import Testing

@Suite("A backup", .serialized) struct BackupTests {
    private static let passphrase = "correct horse battery staple"

    /// What a busy server acknowledged, until it is told to stop.
    private final class Load: Sendable {
        private let state = Mutex((versions: [String](), reports: 0, isOver: false))

        var versions: [String] { state.withLock { $0.versions } }
        var reports: Int { state.withLock { $0.reports } }
        var isOver: Bool { state.withLock { $0.isOver } }

        func imported(_ version: String) { state.withLock { $0.versions.append(version) } }
        func reported() { state.withLock { $0.reports += 1 } }
        func end() { state.withLock { $0.isOver = true } }
    }

    @Test("that is taken under load, restored and started, holds all that was acknowledged before, and a downstream syncs on")
    func rehearsal() async throws {
        try await Surroundings.with { here in
            // What is tried out is not its patience.
            let origin = try await here.server("origin", ["server.rate-limit.machines": "0"])
            let above = try await origin.administrator()
            try await above.importPatches("--versions 100.1,101.1 --kernels 1")
            try await above("patch promote 101.1 stable")
            try await above("webhooks add http://127.0.0.1:9/hook --event *")
            let token = try await above.token("edge", "site")
            let kernel = try await above.kernel(of: "100.1")
            let machine = try await TalkingMachine("machine-1", at: origin.port, with: above.authToken("web", "stable"))
            let site = try await here.downstream("site", of: origin.url, token: token)
            let below = try await site.administrator()
            try await below.firstSync()

            let load = Load()
            let secret = try here.file("passphrase", Self.passphrase + "\n")
            var backups: [(file: String, acknowledged: [String])] = []
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    var number = 200
                    while !load.isOver {
                        number += 1
                        try await above.importPatches("--versions \(number).1 --kernels 1 --seed \(number)")
                        try await above("patch promote \(number).1 beta")
                        load.imported("\(number).1")
                    }
                }
                group.addTask {
                    while !load.isOver {
                        _ = try await machine.report(MachineReport(kernel: kernel, patchState: .needsCheck))
                        load.reported()
                    }
                }
                defer { load.end() }
                for number in 1...3 {
                    let before = load.reports
                    try await eventually("the load goes on") { load.reports > before && load.versions.count >= number }
                    let acknowledged = load.versions
                    let file = here.path("backup-\(number).tar")
                    try await above(["backup", file, "--with-patches", "--passphrase-file", secret])
                    backups.append((file, acknowledged))
                }
                load.end()
                try await group.waitForAll()
            }
            let (file, acknowledged) = try #require(backups.last)
            for backup in backups {
                let verified = try await above(["backup", "verify", backup.file, "--passphrase-file", secret, "--format", "json"])
                #expect(
                    verified.contains("\"includesPatches\": true") || verified.contains("\"includesPatches\":true"), "\(verified)"
                )
                let mode = try FileManager.default.attributesOfItem(atPath: backup.file)[.posixPermissions] as? Int
                #expect(mode == 0o600)
            }
            // What the downstream has seen is newer than the backup.
            try await below.sync()
            let seen = try await below("patch list --quiet")
            try await origin.stop()

            let restored = try await here.run(
                .server, ["restore", file, "--data-dir", here.path("restored"), "--passphrase-file", secret])
            #expect(restored.status == 0, "\(restored)")
            let again = try await here.server("restored", ["server.server-address": "127.0.0.1:\(origin.port)"])
            let administrator = try await again.administrator()
            let versions = try await administrator("patch list --quiet")
            for version in ["100.1", "101.1"] + acknowledged {
                #expect(versions.contains("\(version)\n"), "\(version) was acknowledged before the backup: \(versions)")
            }
            #expect(try await administrator.tiers(of: "101.1") == ["edge", "beta", "candidate", "stable"])
            for version in acknowledged { #expect(try await administrator.tiers(of: version) == ["edge", "beta"]) }
            try await administrator("storage verify")
            #expect(try await administrator("webhooks list").contains("/hook"))
            // The machine's token and its id are known: the key of ids was restored.
            _ = try await machine.report(MachineReport(kernel: kernel, patchState: .needsCheck), to: again.port)

            // What was released after the backup is released again, and the downstream goes on with newer documents.
            for version in seen.split(separator: "\n").map(String.init) where !versions.contains("\(version)\n") {
                let number = version.prefix { $0 != "." }
                try await administrator.importPatches("--versions \(version) --kernels 1 --seed \(number)")
                try await administrator("patch promote \(version) beta")
            }
            try await administrator.importPatches("--versions 900.1 --kernels 1 --seed 900")
            let report = try await below.sync()
            #expect(report["result"] as? String == "complete", "\(report)")
            #expect(try await below("patch list --quiet").contains("900.1\n"))
        }
    }

    @Test("leaves nothing that could be taken for whole when the server or the administrator is killed, or it is cut off")
    func killed() async throws {
        try await Surroundings.with { here in
            let server = try await here.server("origin")
            let administrator = try await server.administrator()
            try await administrator.importPatches("--versions 100.1 --kernels 1 --size 24M")
            let file = here.path("backup.tar")
            let taking = try here.start(
                .admin, ["backup", file, "--with-patches"], environment: ["LIVEPATCH_URL": server.url])
            try await eventually("a part has arrived") {
                (try? FileManager.default.attributesOfItem(atPath: file + ".partial")[.size] as? Int ?? 0) ?? 0 > 1 << 20
                    || taking.ending != nil
            }
            if taking.ending == nil {
                try await taking.kill9()
                #expect(!FileManager.default.fileExists(atPath: file))
            }
            try? FileManager.default.removeItem(atPath: file)
            // The next one is not in the way of what was left.
            try await administrator(["backup", file, "--with-patches"])
            #expect(!FileManager.default.fileExists(atPath: file + ".partial"))
            let again = try await administrator.run(["backup", file])
            #expect(again.status == 73 && again.errors.contains("not overwritten"), "\(again)")

            let whole = try Data(contentsOf: URL(fileURLWithPath: file))
            for length in [0, 100, 512, 5000, whole.count / 2, whole.count - 1024, whole.count - 1] {
                let cut = here.path("cut.tar")
                try whole.prefix(length).write(to: URL(fileURLWithPath: cut))
                let verified = try await administrator.run(["backup", "verify", cut])
                #expect(verified.status == 65, "\(length) bytes: \(verified)")
                let restored = try await here.run(.server, ["restore", cut, "--data-dir", here.path("cut-data")])
                #expect(restored.status == 65 && !FileManager.default.fileExists(atPath: here.path("cut-data")), "\(restored)")
            }
            let full = try await here.run(.server, ["restore", file, "--data-dir", server.dataDirectory])
            #expect(full.status == 73 && full.errors.contains("not empty"), "\(full)")
            let left = try FileManager.default.contentsOfDirectory(atPath: server.dataDirectory + "/backup")
            #expect(left.isEmpty, "\(left)")
        }
    }

    @Test("does not give its keys away to a wrong passphrase, and restores without them only when told so")
    func locked() async throws {
        try await Surroundings.with { here in
            let server = try await here.server("origin")
            let administrator = try await server.administrator()
            let key = try here.file("backup.key", Data((0..<32).map { UInt8($0) }).base64EncodedString() + "\n")
            let other = try here.file("other.key", Data(repeating: 1, count: 32).base64EncodedString() + "\n")
            let file = here.path("backup.tar")
            try await administrator(["backup", file, "--key-file", key])
            let bytes = try Data(contentsOf: URL(fileURLWithPath: file))
            for name in try FileManager.default.contentsOfDirectory(atPath: server.dataDirectory + "/keys")
            where name.hasSuffix(".key") {
                let secret = try Data(contentsOf: URL(fileURLWithPath: "\(server.dataDirectory)/keys/\(name)"))
                #expect(bytes.range(of: secret.prefix(40)) == nil, "\(name) is in clear")
            }
            let data = here.path("restored")
            let refusals: [(arguments: [String], status: Int32)] = [
                ([], 77), (["--key-file", other], 77), (["--without-keys", "--key-file", key], 64),
            ]
            for (arguments, status) in refusals {
                let refused = try await here.run(.server, ["restore", file, "--data-dir", data] + arguments)
                #expect(refused.status == status, "\(refused)")
                #expect(!FileManager.default.fileExists(atPath: data + "/livepatch.db"))
            }
            let restored = try await here.run(.server, ["restore", file, "--data-dir", data, "--without-keys"])
            #expect(restored.status == 0 && restored.errors.contains("keys were not restored"), "\(restored)")
            #expect(!FileManager.default.fileExists(atPath: data + "/keys"))
        }
    }
}
