import Foundation
import Processes
import Testing

@Suite("livepatch-sync bundle", .serialized) struct BundleTests {
    private func bundle(_ here: Surroundings, _ line: String...) async throws -> FinishedCommand {
        try await here.run(.sync, ["bundle"] + line.flatMap { $0.split(separator: " ").map(String.init) })
    }

    /// Changes one byte in the middle of a member of a tar archive.
    private func flip(_ file: String, inMember prefix: String) throws {
        let handle = try FileHandle(forUpdating: URL(fileURLWithPath: file))
        defer { try? handle.close() }
        let bytes = try #require(try handle.readToEnd())
        var offset = 0
        while offset < bytes.count {
            let name = String(decoding: bytes[offset..<offset + 100].prefix { $0 != 0 }, as: UTF8.self)
            let length = try #require(Int(String(decoding: bytes[(offset + 124)..<(offset + 135)], as: UTF8.self), radix: 8))
            if name.hasPrefix(prefix), length > 10 {
                let place = offset + 512 + length / 2
                try handle.seek(toOffset: UInt64(place))
                try handle.write(contentsOf: [bytes[place] ^ 1])
                return
            }
            offset += 512 + (length + 511) / 512 * 512
        }
        Issue.record("\(file) has no member '\(prefix)'")
    }

    @Test("a courier brings patches from a server that runs to another that runs")
    func courier() async throws {
        try await Surroundings.with { here in
            let origin = try await here.server("origin", ["patch-sync.id": "origin-1"])
            let above = try await origin.administrator()
            try await above.importPatches("--versions 100.1 --kernels 3")
            let data = origin.dataDirectory
            let first = try await bundle(here, "create --data-dir \(data) --tier edge --incremental", here.path("1.tar"))
            #expect(
                first.status == 0 && first.output.contains("3 files") && first.errors.contains("holds everything"), "\(first)")
            let names = try await list(here, "1.tar")
            #expect(names.first == "bundle.json" && names.filter { $0.hasPrefix("contents/") }.count == 3, "\(names)")

            // Below, a server runs on the directory from the beginning.
            let site = try await here.server("site", ["patch-sync.id": "site-1"])
            let below = try await site.administrator()
            let applied = try await bundle(here, "apply", here.path("1.tar"), "--data-dir \(site.dataDirectory)")
            #expect(applied.status == 0 && applied.output.hasPrefix("complete: 3 files fetched"), "\(applied)")
            #expect(applied.errors.contains("proven to be recent until") && applied.errors.contains("first time"), "\(applied)")
            #expect(try await below("patch list --quiet") == "100.1\n", "the server shows it at once")
            #expect(try await below("sync reports --format json").contains("from origin-1"))

            // What the site serves is verified by who is below it.
            let token = try await below.token("edge", "further")
            let further = try await here.run(
                .sync, ["run", "--data-dir", here.path("further"), "--set", "patch-sync.upstream-url=\(site.url)"],
                environment: ["LP_PATCH_SYNC_TOKEN": token])
            #expect(further.status == 0 && further.output.hasPrefix("complete"), "\(further)")
            #expect(further.errors.contains("the origin repository of origin-1"), "\(further)")

            // Nothing that the origin's server serves was disturbed by the other program's publishing.
            let direct = try await here.run(
                .sync, ["run", "--data-dir", here.path("direct"), "--set", "patch-sync.upstream-url=\(origin.url)"],
                environment: ["LP_PATCH_SYNC_TOKEN": try await above.token("edge", "direct")])
            #expect(direct.status == 0, "\(direct)")

            try await above.importPatches("--versions 101.1 --kernels 2")
            try await above("patch block 100.1 --reason broken")
            let second = try await bundle(here, "create --data-dir \(data) --tier edge --incremental", here.path("2.tar"))
            #expect(second.status == 0 && second.output.contains("2 files"), "\(second)")
            let unneeded = try await bundle(here, "apply", here.path("2.tar"), "--data-dir \(here.path("empty"))")
            #expect(unneeded.status == 0, "100.1 is blocked: nothing of the first bundle is needed. \(unneeded)")
            try await above("patch unblock 100.1 --reason repaired")
            let third = try await bundle(here, "create --data-dir \(data) --tier edge --incremental", here.path("3.tar"))
            #expect(third.status == 0, "\(third)")
            let based = try await bundle(here, "apply", here.path("3.tar"), "--data-dir \(here.path("empty-2"))")
            #expect(based.status == 66 && based.errors.contains("has not been applied here"), "\(based)")
            for (number, expected) in [
                ("2", "complete"), ("3", "complete"), ("3", "unchanged"), ("2", "unchanged"), ("1", "unchanged"),
            ] {
                let result = try await bundle(here, "apply", here.path("\(number).tar"), "--data-dir \(site.dataDirectory)")
                #expect(result.status == 0 && result.output.hasPrefix(expected), "\(result)")
            }
            let list = try await below("patch list --quiet")
            #expect(list.split(separator: "\n").sorted() == ["100.1", "101.1"])
        }
    }

    @Test("what was tampered with is refused whole, and verify says the same")
    func tampered() async throws {
        try await Surroundings.with { here in
            let origin = try await here.server("origin")
            try await origin.administrator().importPatches("--versions 100.1 --kernels 2")
            let created = try await bundle(here, "create --data-dir \(origin.dataDirectory) --tier edge", here.path("good.tar"))
            #expect(created.status == 0, "\(created)")
            let verified = try await bundle(here, "verify", here.path("good.tar"))
            #expect(verified.status == 0 && verified.output.contains("is whole and verified: 2 files"), "\(verified)")
            #expect(verified.errors.contains("is not trusted yet"), "\(verified)")
            for member in ["contents/", "metadata/origins/", "metadata/tiers/edge/", "head.json", "documents/"] {
                let file = here.path("bad.tar")
                try? FileManager.default.removeItem(atPath: file)
                try FileManager.default.copyItem(atPath: here.path("good.tar"), toPath: file)
                try flip(file, inMember: member)
                let refused = try await bundle(here, "verify", file)
                #expect(refused.status == 65, "\(member): \(refused)")
                let unapplied = try await bundle(here, "apply", file, "--data-dir \(here.path("site"))")
                #expect(unapplied.status == 65 && unapplied.output.hasPrefix("failed"), "\(member): \(unapplied)")
            }
            let fingerprint = String(repeating: "ab", count: 32)
            let wrong = try await bundle(
                here, "apply", here.path("good.tar"),
                "--data-dir \(here.path("site")) --set patch-sync.trusted-roots=\(fingerprint)")
            #expect(wrong.status == 65 && wrong.errors.contains("patch-sync.trusted-roots names none"), "\(wrong)")
            let right = try await bundle(here, "apply", here.path("good.tar"), "--data-dir \(here.path("site")) --format json")
            let report = try #require(try right.json() as? [String: Any])
            #expect(right.status == 0 && report["result"] as? String == "complete", "\(right)")
        }
    }

    @Test("killed while it is applied, it goes on with what has arrived")
    func killed() async throws {
        try await Surroundings.with { here in
            let origin = try await here.server("origin")
            try await origin.administrator().importPatches("--versions 100.1 --kernels 200")
            let file = here.path("1.tar")
            #expect(try await bundle(here, "create --data-dir \(origin.dataDirectory) --tier edge", file).status == 0)
            let content = here.path("site/content/sha256")
            let process = try here.start(.sync, ["bundle", "apply", file, "--data-dir", here.path("site")])
            // A file in one of the folders that share content out, not only the folder.
            try await eventually("content arrives") {
                let paths = (try? FileManager.default.subpathsOfDirectory(atPath: content)) ?? []
                return process.ending != nil || paths.contains { $0.count > 64 }
            }
            try await process.kill9()
            #expect(process.ending == .killed(signal: SIGKILL))
            let again = try await bundle(here, "apply", file, "--data-dir", here.path("site"))
            let counts = try #require(
                again.output.firstMatch(of: /complete: ([0-9]+) files fetched \(.*\), ([0-9]+) there already/))
            #expect(again.status == 0, "\(again)")
            #expect(Int(counts.1).map { $0 < 200 } == true && Int(counts.2).map { $0 > 0 } == true, "\(again)")
        }
    }

    @Test("what has expired on the way is believed as long as is allowed, there and below")
    func expired() async throws {
        try await Surroundings.with { here in
            let lifetime = ["server.metadata-lifetime": "2s"]
            let origin = try await here.server("origin", lifetime)
            try await origin.administrator().importPatches("--versions 100.1 --kernels 1")
            let file = here.path("1.tar")
            let created = try await bundle(
                here, "create --data-dir \(origin.dataDirectory) --tier edge --set server.metadata-lifetime=2s", file)
            #expect(created.status == 0, "\(created)")
            try await eventually("the bundle's timestamps have expired") {
                try await bundle(here, "verify --max-age 0s", file).status == 65
            }
            let refused = try await bundle(here, "apply", file, "--max-age 0s --data-dir", here.path("site"))
            #expect(refused.status == 65 && refused.errors.contains("too old"), "\(refused)")
            let site = try await here.server("site")
            let applied = try await bundle(here, "apply", file, "--data-dir", site.dataDirectory)
            #expect(applied.status == 0 && applied.errors.contains("ago: nothing newer is known here"), "\(applied)")
            let token = try await site.administrator().token("edge", "leaf")
            func sync(_ more: [String]) async throws -> FinishedCommand {
                try await here.run(
                    .sync, ["run", "--data-dir", here.path("leaf"), "--set", "patch-sync.upstream-url=\(site.url)"] + more,
                    environment: ["LP_PATCH_SYNC_TOKEN": token])
            }
            let strict = try await sync([])
            #expect(strict.status == 65 && strict.errors.contains("cannot prove"), "\(strict)")
            let tolerant = try await sync(["--set", "patch-sync.freshness-tolerance=1d"])
            #expect(tolerant.status == 0, "\(tolerant)")
        }
    }

    @Test("with sync-tiers the tiers are the other side's, whoever carries them")
    func mirrored() async throws {
        try await Surroundings.with { here in
            let origin = try await here.server("origin", ["patch-sync.id": "origin-1"])
            let above = try await origin.administrator()
            try await above.importPatches("--versions 100.1,101.1 --kernels 1")
            try await above("patch promote 100.1 stable")
            #expect(
                try await bundle(here, "create --data-dir \(origin.dataDirectory) --tier beta", here.path("1.tar")).status == 0)
            let site = try await here.server("site", ["patch-sync.sync-tiers": "true"])
            let below = try await site.administrator()
            let applied = try await bundle(
                here, "apply", here.path("1.tar"), "--data-dir \(site.dataDirectory) --set patch-sync.sync-tiers=true")
            #expect(applied.status == 0, "\(applied)")
            #expect(try await below("tier list --quiet") == "beta\ncandidate\nstable\n")
            #expect(try await below("patch list --quiet") == "100.1\n")
            let refused = try await below.run(["patch", "promote", "100.1", "beta"])
            #expect(refused.status == 77, "\(refused)")
            // The signatures of the tiers are relayed as they are, by another bundle too.
            let bare = try await bundle(here, "create --data-dir \(site.dataDirectory) --tier stable", here.path("2.tar"))
            #expect(bare.status == 78 && bare.errors.contains("patch-sync.sync-tiers"), "\(bare)")
            let relayed = try await bundle(
                here, "create --data-dir \(site.dataDirectory) --tier stable --set patch-sync.sync-tiers=true", here.path("2.tar")
            )
            #expect(relayed.status == 0, "\(relayed)")
            let further = try await bundle(here, "verify", here.path("2.tar"))
            #expect(further.status == 0 && further.errors.contains("of the tier repository of origin-1"), "\(further)")
            let token = try await below.token("stable", "leaf")
            let leaf = try await here.run(
                .sync, ["run", "--data-dir", here.path("leaf"), "--set", "patch-sync.upstream-url=\(site.url)"],
                environment: ["LP_PATCH_SYNC_TOKEN": token])
            #expect(leaf.status == 0 && leaf.errors.contains("of the tier repository of origin-1"), "\(leaf)")
        }
    }

    @Test("age, inspection and mistakes on the command line")
    func smaller() async throws {
        try await Surroundings.with { here in
            let origin = try await here.server("origin", ["patch-sync.id": "origin-1"])
            try await origin.administrator().importPatches("--versions 100.1 --kernels 1")
            let data = origin.dataDirectory
            let piped = try await here.run(.sync, ["bundle", "create", "--data-dir", data, "--tier", "stable", "-"])
            #expect(
                piped.status == 0 && piped.output.hasPrefix("bundle.json") && piped.errors.contains("origin-1"), "\(piped.errors)"
            )
            #expect(!FileManager.default.fileExists(atPath: "\(data)/bundles/stable.json"))
            let file = here.path("1.tar")
            #expect(try await bundle(here, "create --data-dir \(data) --tier edge --quiet", file).output == "")
            #expect(try await bundle(here, "create --data-dir \(data) --tier edge --since", file, here.path("2.tar")).status == 0)
            let inspected = try await bundle(here, "inspect", here.path("2.tar"))
            #expect(inspected.status == 0 && inspected.output.contains("origin-1"), "\(inspected)")
            let id = try await bundle(here, "inspect", file, "--quiet").output.trimmingCharacters(in: .newlines)
            #expect(inspected.output.contains("bundle \(id) of "), "\(inspected)")
            let document = try #require(try await bundle(here, "inspect", file, "--format json").json() as? [String: Any])
            #expect(document["id"] as? String == id && (document["contents"] as? [Any])?.count == 1)

            // Its timestamps live for a day: with no patience for their end they are good now.
            #expect(try await bundle(here, "apply", file, "--max-age 0s --data-dir", here.path("site")).status == 0)
            let nowhere = try await bundle(here, "create --data-dir \(here.path("nowhere")) --tier edge", here.path("3.tar"))
            #expect(nowhere.status == 66 && nowhere.errors.contains("not a server's data directory"), "\(nowhere)")
            #expect(!FileManager.default.fileExists(atPath: here.path("nowhere")))
            let tier = try await bundle(here, "create --data-dir \(data) --tier none", here.path("3.tar"))
            #expect(tier.status == 66 && tier.errors.contains("'none'"), "\(tier)")
            #expect(!FileManager.default.fileExists(atPath: here.path("3.tar.partial")))
            #expect(try await bundle(here, "create --tier edge --since x --incremental y").status == 64)
            #expect(try await bundle(here, "inspect", here.path("none.tar")).status == 66)
            let text = try await bundle(here, "inspect", here.file("text.tar", String(repeating: "no bundle ", count: 200)))
            #expect(text.status == 65 && text.errors.contains("no tar archive of a bundle"), "\(text)")
        }
    }

    /// What the system's tar finds in an archive.
    private func list(_ here: Surroundings, _ file: String) async throws -> [String] {
        let process = try ChildProcess(
            "/usr/bin/env", ["tar", "tf", here.path(file)], environment: here.environment(), directory: here.directory)
        #expect(try await process.end() == .exited(0), "\(process.errors.text)")
        return process.output.lines.map(String.init)
    }
}
