import Processes
import Testing

@Suite("sync-tiers", .serialized) struct TierSyncTests {
    @Test("replaces the tiers, keeps a snapshot, refuses local changes while it is on, and gives the tiers back when it is off")
    func lifecycle() async throws {
        try await Surroundings.with { here in
            let origin = try await here.server("origin")
            let above = try await origin.administrator()
            try await above.importPatches("--versions 100.1,101.1 --kernels 1")
            try await above("tier rename candidate preview")
            try await above("patch promote 100.1 stable")
            let token = try await above.token("edge", "site")

            let first = try await here.downstream("site", of: origin.url, token: token)
            var below = try await first.administrator()
            try await below.firstSync()
            try await below("tier add canary --before beta")
            try await below("patch promote 101.1 canary")
            try await first.stop()

            let mirroring = try await here.downstream("site", of: origin.url, token: token, ["patch-sync.sync-tiers": "true"])
            below = try await mirroring.administrator()
            try await eventually("the tiers are the upstream's") {
                try await below("tier list --quiet") == "edge\nbeta\npreview\nstable\n"
            }
            let snapshots = try await below("tier snapshots --quiet").split(separator: "\n")
            #expect(snapshots.count == 1)
            let snapshot = try #require(snapshots.first)
            #expect(try await below("tier snapshots").contains("canary"))
            #expect(
                try await below("sync reports --format json").contains("a snapshot was kept"), "the report says what was replaced"
            )
            for command in [
                "tier restore \(snapshot)", "tier add canary", "tier remove beta", "tier rename beta gamma", "tier move beta",
                "patch promote 101.1 beta", "patch promote-all edge stable", "patch withdraw 100.1 stable",
            ] {
                try await below.refuse(command, status: 77, saying: "sync-tiers", origin.url)
            }
            // Stopping a delivery is always possible.
            try await below("patch block 101.1 --reason local")
            try await below("patch unblock 101.1 --reason local")
            try await mirroring.stop()

            let last = try await here.downstream("site", of: origin.url, token: token)
            below = try await last.administrator()
            #expect(try await below("tier list --quiet") == "edge\nbeta\npreview\nstable\n", "what was mirrored stays")
            #expect(try await below.tiers(of: "100.1") == ["edge", "beta", "preview", "stable"])
            let plan = try await below("tier restore \(snapshot) --dry-run")
            #expect(plan.contains("canary"))
            #expect(try await below("tier list --quiet") == "edge\nbeta\npreview\nstable\n", "a plan changes nothing")
            try await below("tier restore \(snapshot)")
            #expect(try await below("tier list --quiet") == "edge\ncanary\nbeta\ncandidate\nstable\n")
            #expect(try await below.tiers(of: "101.1") == ["edge", "canary"])
        }
    }
}
