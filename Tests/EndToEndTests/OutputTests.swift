import Foundation
import Processes
import Testing

@Suite("What commands print", .serialized) struct OutputTests {
    @Test("is valid JSON with --format json, for every listing")
    func json() async throws {
        try await Surroundings.with { here in
            let origin = try await here.server("origin")
            let above = try await origin.administrator()
            try await above.importPatches("--versions 100.1 --kernels 2")
            let site = try await here.downstream("site", of: origin.url, token: above.token("edge", "site"))
            let below = try await site.administrator()
            try await below.firstSync()
            let listings = [
                "status", "tier list", "tier snapshots", "patch list", "patch show 100.1", "history", "sync-tokens list",
                "sync status", "sync reports", "kernels coverage list", "storage patches", "storage verify",
                "storage gc --dry-run", "storage refresh",
                "patch promote 100.1 beta --dry-run", "sync trigger --wait",
            ]
            for administrator in [above, below] {
                for line in listings where administrator.url == site.url || !line.hasPrefix("sync trigger") {
                    let command = try await administrator.run("\(line) --format json".split(separator: " ").map(String.init))
                    #expect(command.status == 0, "\(command)")
                    #expect(throws: Never.self, "\(command)") { try command.json() }
                    #expect(!(try await administrator("\(line) --format yaml")).isEmpty)
                }
            }
            // Programs can cut it with awk, and scripts with --quiet.
            #expect(try await above("tier list --quiet") == "edge\nbeta\ncandidate\nstable\n")
        }
    }

    @Test("has no colours where nobody sees them, and usage errors are told with status 64")
    func usage() async throws {
        try await Surroundings.with { here in
            let server = try await here.server("origin")
            let administrator = try await server.administrator()
            for environment in [[:], ["NO_COLOR": "1", "TERM": "xterm"]] {
                let table = try await administrator.run(["tier", "list"], environment: environment)
                #expect(table.status == 0 && !(table.output + table.errors).contains("\u{1B}"), "\(table)")
            }
            for line in [
                "patch promot 100.1 edge", "tier list --nonsense", "patch promote 100.1", "tier list --format xml",
                "history --limit 0", "tier list --quiet --format json",
            ] {
                try await administrator.refuse(line, status: 64)
            }
            for program in [BuiltExecutable.server, .admin, .sync] {
                let help = try await here.run(program, ["--help"])
                #expect(help.status == 0 && help.output.contains(program.rawValue))
                let wrong = try await here.run(program, ["--nonsense"])
                #expect(wrong.status == 64 && wrong.errors.contains("nonsense"), "\(wrong)")
                #expect(try await here.run(program, ["--version"]).status == 0)
                let completion = try await here.run(program, ["--generate-completion-script", "bash"])
                #expect(completion.status == 0 && completion.output.contains(program.rawValue))
            }
            let stranger = try await here.run(.admin, ["tier", "list"], environment: ["LIVEPATCH_URL": "http://127.0.0.1:9"])
            #expect(stranger.status == 77, "not logged in there: \(stranger)")
        }
    }

    @Test("needs a login, which ends with logout; a wrong password is refused")
    func login() async throws {
        try await Surroundings.with { here in
            let server = try await here.server("origin")
            let administrator = try await server.administrator()
            let session = try #require(
                FileManager.default.subpaths(atPath: here.path(".config"))?.first { $0.hasSuffix(".json") })
            let file = here.path(".config/\(session)")
            let mode = try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions] as? NSNumber
            #expect(mode?.intValue == 0o600)
            let kept = try String(contentsOfFile: file, encoding: .utf8)
            try await administrator("logout")
            try await administrator.refuse("tier list", status: 77, saying: "login")
            try here.file(".config/\(session)", kept)
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: file)
            try await administrator.refuse("tier list", status: 77)
            try await administrator.refuse("login --auth admin:not-it-at-all", status: 77)
            let piped = try await administrator.run(
                ["login", "--auth", "admin", "--password-stdin"], input: "\(RunningServer.administrator.password)\n")
            #expect(piped.status == 0, "\(piped)")
            try await administrator("tier list")
            #expect(!server.log.contains(RunningServer.administrator.password) && !server.log.contains("not-it-at-all"))
        }
    }

    @Test("never holds a secret: not the log, not the configuration that is shown, not what a failing command says")
    func secrets() async throws {
        try await Surroundings.with { here in
            let origin = try await here.server("origin", ["server.log-level": "debug"])
            let above = try await origin.administrator()
            try await above.importPatches("--versions 100.1 --kernels 1")
            let token = try await above.token("edge", "site")
            let site = try await here.downstream("site", of: origin.url, token: token, ["server.log-level": "debug"])
            let below = try await site.administrator()
            try await below.firstSync()
            try await origin.stop()
            let failed = try await below.run(["sync", "trigger", "--wait"])
            let check = try await here.run(
                .server, here.serverArguments("site") + ["--check-config"],
                environment: here.serverEnvironment(["LP_PATCH_SYNC_TOKEN": token]))
            let status = try await below("sync status --format json")
            let arguments = (try? String(contentsOfFile: "/proc/\(site.process.processID)/cmdline", encoding: .utf8)) ?? ""
            let session = try String(
                contentsOfFile: here.path(
                    ".config/" + #require(
                        FileManager.default.subpaths(atPath: here.path(".config"))?.first { $0.hasSuffix(".json") })),
                encoding: .utf8)
            let bearer = try #require(session.firstMatch(of: /"token"\s*:\s*"([^"]+)"/)).1
            for (place, text) in [
                ("origin's log", origin.log), ("site's log", site.log), ("a failure", failed.description),
                ("--check-config", check.description), ("sync status", status), ("argv", arguments),
            ] {
                for secret in [token, String(bearer), RunningServer.administrator.password] {
                    #expect(!text.contains(secret), "\(place) holds a secret")
                }
            }
            #expect(!check.output.contains("$2b$"), "hashes are not shown either: \(check)")
            let files = try #require(FileManager.default.subpaths(atPath: origin.dataDirectory))
            for file in files {
                let bytes = FileManager.default.contents(atPath: "\(origin.dataDirectory)/\(file)") ?? Data()
                #expect(bytes.range(of: Data(token.utf8)) == nil, "\(file) of the origin holds the token")
            }
        }
    }
}
