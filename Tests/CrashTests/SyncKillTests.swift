import Foundation
import LivepatchAPI
import LivepatchHTTP
import LivepatchKit
import PatchGenerator
import Processes
import Testing

@Suite("Killed during a sync") struct SyncKillTests {
    /// Slow enough that kills find transfers under way.
    static let pace = ["patch-sync.bandwidth-limit": "1M", "patch-sync.max-concurrent-transfers": "3"]

    @Test(
        "A server that is killed at any moment shows the old view or the new one, serves only what it lists, fetches no staged byte twice, and goes on",
        .timeLimit(.minutes(10)))
    func server() async throws {
        var random = Seed.take(for: "server", ProcessInfo.processInfo.environment)
        try await Surroundings.with { here in
            var origin = try await GrowingOrigin(here, fileBytes: 150_000, random: random)
            var progress = ViewProgress(old: .empty, new: .empty)
            var known: ServerAccess?
            let enough = KillCount.wanted(usually: 60)
            var kills = 0
            while true {
                let upstream = try await ObservedUpstream.start(before: origin.url, holding: true)
                let settings = Self.pace.merging(["patch-sync.sync-tiers": "true"]) { $1 }
                let server = try await here.downstream("site", of: upstream.url, token: origin.token, settings)
                let storage = StorageFiles(directory: server.storageDirectory)
                let access: ServerAccess
                if let known { access = known } else { access = try await ServerAccess(to: server) }
                known = access
                let client = try access.client(of: server)
                let comment = "after \(kills) kills"
                try #require(kills < 5 * enough, "the last change never arrived")
                let view = try await ServerView(of: client)
                try progress.check(view, comment)
                try await access.downloads(from: server).check(
                    progress.suspects(in: view, using: &random), comment)
                if view == progress.new {
                    if kills >= enough {
                        upstream.release()
                        await client.close()
                        try await server.stop()
                        break
                    }
                    progress.advance(to: try await origin.change())
                }
                await client.close()

                let before = StagedBefore(storage, progress.new)
                let moment = KillMoment.random(using: &random)
                upstream.release()
                try await moment.wait(for: upstream, storage)
                try await server.process.kill9()
                kills += 1
                before.check(upstream.fetches, "kill \(kills), \(moment)")
                await upstream.stop()
            }
        }
    }
}
