import Processes
import Testing

@Suite("A chain of three servers", .serialized) struct ThreeLevelChainTests {
    @Test("brings a patch from the origin to the site, a promotion with sync-tiers, and a block ahead of everything")
    func release() async throws {
        try await Surroundings.with { here in
            let origin = try await here.server("origin")
            let above = try await origin.administrator()
            try await above.importPatches("--versions 100.1,101.1 --kernels 3")
            let regional = try await here.downstream(
                "regional", of: origin.url, token: above.token("edge", "regional"), ["patch-sync.sync-tiers": "true"])
            let middle = try await regional.administrator()
            try await middle.firstSync()
            let site = try await here.downstream(
                "site", of: regional.url, token: middle.token("edge", "site"), ["patch-sync.sync-tiers": "true"])
            let below = try await site.administrator()
            try await below.firstSync()
            #expect(try await below("patch list --quiet") == "100.1\n101.1\n")
            #expect(try await below.tiers(of: "100.1") == ["edge"])

            // The file at the end is the file at the beginning.
            let name = try #require(try await names(below, "100.1").first)
            let token = try await below.token("edge", "machine-room")
            let atSite = try await ask(site.port, "GET", "/v1/patches/\(name)", ["Authorization": "Bearer \(token)"])
            let topToken = try await above.token("edge", "direct")
            let atOrigin = try await ask(origin.port, "GET", "/v1/patches/\(name)", ["Authorization": "Bearer \(topToken)"])
            #expect(atSite.status == 200 && atSite.body == atOrigin.body && !atSite.body.isEmpty)
            #expect(atSite.header("etag") == atOrigin.header("etag"))

            try await above("patch promote 100.1 stable")
            try await middle.sync()
            try await below.sync()
            #expect(try await below.tiers(of: "100.1") == ["edge", "beta", "candidate", "stable"])
            try await below.refuse("patch promote 101.1 beta", status: 77, saying: regional.url, "sync-tiers")
            try await below.refuse("tier add canary", status: 77, saying: "sync-tiers")

            try await above("patch block 100.1 --reason crashes")
            try await middle.sync()
            try await below.sync()
            #expect(try await below.offers("stable").isEmpty)
            let gone = try await ask(site.port, "GET", "/v1/patches/\(name)", ["Authorization": "Bearer \(token)"])
            #expect(gone.status == 404)
            try await below.refuse("patch unblock 100.1 --reason no", status: 77, saying: "blocked upstream")
        }
    }

    @Test("without sync-tiers leaves promotion to each server, and a block still travels")
    func ownTiers() async throws {
        try await Surroundings.with { here in
            let origin = try await here.server("origin")
            let above = try await origin.administrator()
            try await above.importPatches("--versions 99.1,100.1 --kernels 2")
            try await above("patch promote 99.1 stable")
            try await above("patch promote 100.1 stable")
            let site = try await here.downstream("site", of: origin.url, token: above.token("stable", "site"))
            let below = try await site.administrator()
            try await below.firstSync()
            #expect(try await below.tiers(of: "100.1") == ["edge"], "what is synced enters the first tier")
            try await below("patch promote 100.1 candidate")
            #expect(try await below.tiers(of: "100.1") == ["edge", "beta", "candidate"])
            #expect(try await below.sync()["result"] as? String == "unchanged")

            try await above("patch block 100.1 --reason crashes")
            try await below.sync()
            #expect(try await below.offers("edge") == ["99.1"])
            try await above("patch unblock 100.1 --reason harmless")
            try await below.sync()
            #expect(try await below.offers("candidate") == ["100.1"], "its own promotions were kept")

            // What the token's tier no longer shows leaves.
            try await above.importPatches("--versions 101.1,102.1 --kernels 1 --seed 2")
            try await above("patch promote 101.1 stable")
            try await above("patch promote 102.1 stable")
            try await below.sync()
            #expect(try await below("patch list --quiet") == "99.1\n100.1\n101.1\n102.1\n")
            try await above("patch withdraw 101.1 stable")
            try await below.sync()
            #expect(try await below("patch list --quiet") == "99.1\n100.1\n102.1\n")
        }
    }

    @Test("that is bent to a ring refuses to sync, and names the route")
    func loop() async throws {
        try await Surroundings.with { here in
            let origin = try await here.server("origin", ["patch-sync.id": "alpha"])
            let above = try await origin.administrator()
            try await above.importPatches("--versions 100.1 --kernels 1")
            let site = try await here.downstream(
                "site", of: origin.url, token: above.token("edge", "site"), ["patch-sync.id": "omega"])
            let below = try await site.administrator()
            try await below.firstSync()
            let back = try await below.token("edge", "back")
            try await origin.stop()
            let bent = try await here.downstream("origin", of: site.url, token: back, ["patch-sync.id": "alpha"])
            let administrator = try await bent.administrator()
            try await administrator.firstSync()
            try await administrator.refuse("sync trigger --wait", status: 78)
            let report = try await administrator("sync reports")
            #expect(report.contains("alpha") && report.contains("omega"), "\(report)")
        }
    }
}
