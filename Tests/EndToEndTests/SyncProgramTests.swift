import Foundation
import Processes
import Testing

@Suite("livepatch-sync", .serialized) struct SyncProgramTests {
    @Test("run brings a release into a data directory that a server is serving")
    func run() async throws {
        try await Surroundings.with { here in
            let origin = try await here.server("origin")
            let above = try await origin.administrator()
            try await above.importPatches("--versions 100.1 --kernels 3")
            let token = try await above.token("edge", "site")
            let server = try await here.server("site")
            let below = try await server.administrator()
            func sync(_ more: String...) async throws -> FinishedCommand {
                try await here.run(
                    .sync, ["run", "--data-dir", server.dataDirectory, "--set", "patch-sync.upstream-url=\(origin.url)"] + more,
                    environment: ["LP_PATCH_SYNC_TOKEN": token])
            }
            let first = try await sync()
            #expect(first.status == 0, "\(first)")
            #expect(try await below("patch list --quiet") == "100.1\n", "the server shows it at once")
            let name = try #require(try await names(below, "100.1").first)
            let reader = ["Authorization": "Bearer \(try await below.token("edge", "test"))"]
            #expect(try await ask(server.port, "GET", "/v1/patches/\(name)", reader).status == 200)
            let second = try await sync("--format", "json")
            #expect(second.status == 0 && second.output.contains("unchanged"), "\(second)")
            try await above("sync-tokens revoke site")
            let refused = try await sync()
            #expect(refused.status == 77, "\(refused)")
            #expect(!refused.description.contains(token))
        }
    }

    @Test("lists, gets and mirrors what the token shows, verified")
    func files() async throws {
        try await Surroundings.with { here in
            let origin = try await here.server("origin")
            let above = try await origin.administrator()
            try await above.importPatches("--versions 100.1,101.1 --kernels 4 --flavours generic,aws --architectures amd64,arm64")
            try await above("patch promote 100.1 stable")
            let token = try await above.token("edge", "site")
            func program(_ arguments: String...) async throws -> FinishedCommand {
                try await here.run(
                    .sync, arguments, environment: ["LP_PATCH_SYNC_TOKEN": token, "LP_PATCH_SYNC_UPSTREAM_URL": origin.url])
            }
            let all = try await program("list")
            #expect(all.status == 0, "\(all)")
            #expect(all.output.components(separatedBy: "filename: ").count == 33, "\(all)")
            let some = try await program(
                "list", "--kernel", "5.15", "--architecture", "arm64", "--flavour", "aws", "--tier", "stable")
            let listed = some.output.matches(of: /filename: (\S+)/).map { String($0.1) }
            let hashes = some.output.matches(of: /hash: ([0-9a-f]{64})/).map { String($0.1) }
            #expect(listed.count == 1 && hashes.count == 1, "\(some)")
            let name = try #require(listed.first)
            #expect(name.contains("5.15.0") && name.hasSuffix("-100.1-arm64.tar.bz2"))

            _ = try here.folder("downloads")
            let got = try await program("get-files", name, "-K", "--output-dir", here.path("downloads"))
            #expect(got.status == 0 && (got.output + got.errors).contains("1/1 patches downloaded successfully."), "\(got)")
            #expect(FileManager.default.fileExists(atPath: here.path("downloads/\(name)")))

            let missing = try await program("get-files", "livepatch-5.15.0-1.1-generic-1.1-amd64.tar.bz2")
            #expect(missing.status != 0, "\(missing)")
            let latest = try await program(
                "get-latest", "--kernel", "5.15.0-101.111-generic", "--architecture", "amd64", "--output-dir",
                here.path("downloads"))
            #expect(latest.status == 0, "\(latest)")
            let names = try FileManager.default.contentsOfDirectory(atPath: here.path("downloads"))
            #expect(names.contains("livepatch-5.15.0-101.111-generic-101.1-amd64.tar.bz2"), "\(names)")

            let mirror = try await program("mirror", here.path("mirror"))
            #expect(mirror.status == 0, "\(mirror)")
            let mirrored = FileManager.default.subpaths(atPath: here.path("mirror"))?.filter { $0.hasSuffix(".tar.bz2") } ?? []
            #expect(mirrored.count == 32, "\(mirrored)")
            let again = try await program("mirror", here.path("mirror"))
            #expect(again.status == 0, "\(again)")
        }
    }
}
