import Foundation
import LivepatchAPI
import LivepatchHTTP
import LivepatchKit
import PatchGenerator
import Processes
import Testing

@Suite("livepatch-sync killed") struct SyncProgramKillTests {
    @Test(
        "However often `livepatch-sync run` is killed, the server on the same data directory shows the old view or the new one, and the next run goes on",
        .timeLimit(.minutes(10)))
    func program() async throws {
        var random = Seed.take(for: "program", ProcessInfo.processInfo.environment)
        try await Surroundings.with { here in
            var origin = try await GrowingOrigin(here, fileBytes: 150_000, random: random)
            let server = try await here.server("site")
            let access = try await ServerAccess(to: server)
            let client = try access.client(of: server)
            let storage = StorageFiles(directory: server.storageDirectory)
            var progress = ViewProgress(old: .empty, new: .empty)
            let enough = KillCount.wanted(usually: 25)
            var kills = 0
            while true {
                let comment = "after \(kills) kills"
                try #require(kills < 5 * enough, "the last change never arrived")
                let view = try await ServerView(of: client)
                try progress.check(view, comment)
                try await access.downloads(from: server).check(
                    progress.suspects(in: view, using: &random), comment)
                if view == progress.new {
                    if kills >= enough { break }
                    progress.advance(to: try await origin.change())
                }

                let before = StagedBefore(storage, progress.new)
                let upstream = try await ObservedUpstream.start(before: origin.url)
                let moment = KillMoment.random(using: &random)
                let settings = SyncKillTests.pace.merging([
                    "patch-sync.upstream-url": upstream.url, "patch-sync.sync-tiers": "true",
                ]) { $1 }
                let run = try here.start(
                    .sync,
                    ["run", "--data-dir", server.dataDirectory] + settings.flatMap { ["--set", "\($0.key)=\($0.value)"] },
                    environment: ["LP_PATCH_SYNC_TOKEN": origin.token])
                try await moment.wait(for: upstream, storage)
                try await run.kill9()
                kills += run.ending == .killed(signal: SIGKILL) ? 1 : 0
                before.check(upstream.fetches, "kill \(kills), \(moment)")
                await upstream.stop()
            }
        }
    }
}
