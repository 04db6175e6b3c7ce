import Foundation
import Processes
import Testing

@Suite("Sync commands", .serialized) struct SyncCommandTests {
    @Test("tell what a sync did: complete, unchanged, and why one failed, by output and exit status")
    func results() async throws {
        try await Surroundings.with { here in
            let origin = try await here.server("origin")
            let above = try await origin.administrator()
            let token = try await above.token("edge", "site")
            let site = try await here.downstream("site", of: origin.url, token: token)
            let below = try await site.administrator()
            try await below.firstSync()
            let empty = try await below.run(["sync", "trigger", "--wait"])
            #expect(empty.status == 65, "nothing at all is no success: \(empty)")
            #expect((empty.output + empty.errors).contains("nothing"), "\(empty)")

            try await above.importPatches("--versions 100.1 --kernels 3")
            let complete = try await below.sync()
            #expect(complete["result"] as? String == "complete" && complete["files"] as? Int == 3)
            #expect(complete["versionsAdded"] as? [String] == ["100.1"])
            let unchanged = try await below.sync()
            #expect(unchanged["result"] as? String == "unchanged" && unchanged["documents"] as? Int ?? 9 <= 1)

            let status = try #require(try await below.json("sync status") as? [String: Any])
            #expect(status["enabled"] as? Bool == true && status["upstreams"] as? [String] == [origin.url])
            #expect(!(try await below("sync status")).contains(token))

            try await above("sync-tokens revoke site")
            try await below.refuse("sync trigger --wait", status: 77)
            try await origin.stop()
            try await below.refuse("sync trigger --wait", status: 69)
            let reports = try #require((try await below.json("sync reports") as? [String: Any])?["reports"] as? [[String: Any]])
            #expect(reports.prefix(4).map { $0["result"] as? String } == ["failed", "failed", "unchanged", "complete"])
            let codes = reports.prefix(2).map { ($0["failures"] as? [[String: Any]])?.first?["code"] as? String }
            #expect(codes == ["upstream-unreachable", "upstream-refused-token"])
            #expect(try await below("patch list --quiet") == "100.1\n", "what was synced stays")
        }
    }

    @Test("refuse an upstream that shows much less than before, until somebody accepts it")
    func shrunken() async throws {
        try await Surroundings.with { here in
            let origin = try await here.server("origin")
            let above = try await origin.administrator()
            try await above.importPatches("--versions 100.1,101.1,102.1 --kernels 1")
            for version in ["100.1", "101.1", "102.1"] { try await above("patch promote \(version) beta") }
            let site = try await here.downstream("site", of: origin.url, token: above.token("beta", "site"))
            let below = try await site.administrator()
            try await below.firstSync()
            try await above("patch withdraw 100.1 beta")
            try await above("patch withdraw 101.1 beta")
            try await below.refuse("sync trigger --wait", status: 65)
            #expect(try await below("patch list --quiet") == "100.1\n101.1\n102.1\n")
            try await below("sync trigger --wait --accept-removals")
            #expect(try await below("patch list --quiet") == "102.1\n")
        }
    }

    @Test("at a server without an upstream say what to set")
    func unconfigured() async throws {
        try await Surroundings.with { here in
            let server = try await here.server("origin")
            try await server.administrator().refuse("sync trigger", status: 78, saying: "patch-sync.enabled")
        }
    }

    @Test("leave out what filters keep out, and take the next upstream when one cannot be reached")
    func filters() async throws {
        try await Surroundings.with { here in
            let origin = try await here.server("origin")
            let above = try await origin.administrator()
            try await above.importPatches("--versions 100.1 --kernels 4 --flavours generic,aws --architectures amd64,arm64")
            let gone = try await here.server("gone")
            try await gone.stop()
            let site = try await here.downstream(
                "site", of: "\(gone.url),\(origin.url)", token: above.token("edge", "site"),
                [
                    "patch-sync.architectures": "arm64", "patch-sync.flavors": "aws",
                    "patch-sync.minimum-kernel-version": "5.15.0",
                ])
            let below = try await site.administrator()
            try await below.firstSync()
            let files = try await below("storage patches --quiet").split(separator: "\n")
            #expect(!files.isEmpty && files.allSatisfy { $0.contains("-aws-") && $0.contains("arm64") }, "\(files)")
            #expect(!files.contains { $0.contains("livepatch-4.15") || $0.contains("livepatch-5.4") }, "\(files)")
        }
    }
}
