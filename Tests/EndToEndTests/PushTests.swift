import Processes
import Testing

@Suite("Changes pushed down the chain", .serialized) struct PushTests {
    /// So that nothing but an announcement can be the reason for a sync.
    private static let listening = ["patch-sync.push.enabled": "true", "patch-sync.interval": "24h"]

    @Test("A promotion, a release and a block at the origin reach the last of three servers by themselves")
    func chain() async throws {
        try await Surroundings.with { here in
            let origin = try await here.server("origin")
            let above = try await origin.administrator()
            try await above.importPatches("--versions 100.1 --kernels 1")
            let settings = Self.listening.merging(["patch-sync.sync-tiers": "true"]) { $1 }
            let regional = try await here.downstream("regional", of: origin.url, token: above.token("edge", "r"), settings)
            let middle = try await regional.administrator()
            try await middle.firstSync()
            let site = try await here.downstream("site", of: regional.url, token: middle.token("edge", "s"), settings)
            let below = try await site.administrator()
            try await below.firstSync()

            try await above("patch promote 100.1 stable")
            try await eventually("the promotion is at the site") { try await below.tiers(of: "100.1").last == "stable" }
            try await above.importPatches("--versions 101.1 --kernels 1")
            try await eventually("the release is at the site") {
                try await below("patch list --quiet") == "100.1\n101.1\n"
            }
            try await above("patch block 100.1 --reason crashes")
            try await eventually("the block is at the site") { try await below.offers("stable").isEmpty }
            #expect(try await below("sync status").contains("Listening"), "an administrator sees that it listens")
        }
    }

    @Test("A block overtakes the transfers of a sync that is under way")
    func overtaking() async throws {
        try await Surroundings.with { here in
            let origin = try await here.server("origin")
            let above = try await origin.administrator()
            try await above.importPatches("--versions 100.1 --kernels 1")
            let site = try await here.downstream(
                "site", of: origin.url, token: above.token("edge", "s"),
                Self.listening.merging(["patch-sync.bandwidth-limit": "1K"]) { $1 })
            let below = try await site.administrator()
            try await below.firstSync()
            // Minutes, at that rate.
            try await above.importPatches("--versions 101.1 --kernels 20")
            try await eventually("the sync transfers") {
                try await below("sync status").contains("transferring")
            }
            try await above("patch block 100.1 --reason crashes")
            try await eventually("the block is at the site") { try await below.offers("edge").isEmpty }
            #expect(try await below("patch list --quiet") == "100.1\n", "the release is still on its way")
        }
    }

    @Test("A downstream comes back to an upstream that was killed, and hears what changed meanwhile")
    func reconnection() async throws {
        try await Surroundings.with { here in
            let origin = try await here.server("origin")
            var above = try await origin.administrator()
            try await above.importPatches("--versions 100.1 --kernels 1")
            let site = try await here.downstream("site", of: origin.url, token: above.token("edge", "s"), Self.listening)
            let below = try await site.administrator()
            try await below.firstSync()
            try await origin.process.kill9()
            let again = try await here.server("origin", ["server.server-address": "127.0.0.1:\(origin.port)"])
            above = try await again.administrator()
            try await above("patch block 100.1 --reason crashes")
            try await eventually("the block is at the site") { try await below.offers("edge").isEmpty }
            // What is held open is no reason to keep a server from stopping.
            let ending = try await again.stop(within: .seconds(10))
            #expect(ending == .exited(0))
        }
    }
}
