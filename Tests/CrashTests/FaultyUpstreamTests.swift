import Foundation
import LivepatchAPI
import LivepatchHTTP
import LivepatchKit
import PatchGenerator
import Processes
import ScriptedServer
import Testing

@Suite("An upstream that misbehaves", .serialized) struct FaultyUpstreamTests {
    @Test("is got over within the sync", arguments: SpoiledAnswers.passing)
    func passing(_ fault: SpoiledAnswers) async throws {
        try await withChain(fault) { chain in
            let report = try await chain.report(1)
            #expect(report.result == .complete, "\(report.failures)")
            let paths = Dictionary(grouping: chain.upstream.requests, by: \.path)
            #expect(paths.contains { $0.value.count > 1 }, "it was tried again")
            #expect(try await ServerView(of: chain.client) == chain.expected)
            try await chain.checkDownloads()
        }
    }

    @Test("harms nothing but what it is wrong about, and is synced from when it is well again", arguments: SpoiledAnswers.lasting)
    func lasting(_ fault: SpoiledAnswers) async throws {
        try await withChain(fault) { chain in
            let report = try await chain.report(1)
            #expect(report.result == fault.result, "\(report.failures)")
            if let code = fault.code { #expect(report.failures.map(\.code).contains(code.rawValue), "\(report.failures)") }
            let view = try await ServerView(of: chain.client)
            if fault.result == .failed {
                #expect(view.versions.isEmpty)
            } else {
                let failed = Set(report.failures.compactMap(\.file))
                #expect(view.unavailable == failed && failed.count == 1, "\(report.failures)")
                for name in failed {
                    let answer = try await ask(
                        chain.server.port, "GET", Paths.patchFile(name), ["Authorization": "Bearer \(chain.access.token)"])
                    #expect(answer.status == 404)
                }
                try await chain.access.downloads(from: chain.server).check(
                    view.files.filter { !failed.contains($0.name) }, "the others")
            }

            chain.upstream.spoil { _, answer in answer }
            for try await _ in try await chain.client.triggerSync(wait: true) {}
            #expect(try await chain.report(2).result == .complete)
            #expect(try await ServerView(of: chain.client) == chain.expected)
            try await chain.checkDownloads()
        }
    }

    @Test("by closing in the middle of a file is asked for the rest of it only")
    func resumed() async throws {
        try await withChain(SpoiledAnswers.passing[0]) { chain in
            _ = try await chain.report(1)
            let name = try #require(Dictionary(grouping: chain.upstream.fetches, by: \.file).first { $0.value.count > 1 }?.key)
            let offsets = chain.upstream.fetches.filter { $0.file == name }.map(\.offset)
            #expect(offsets.first == 0 && offsets.count == 2 && offsets[1] > 0, "it was resumed: \(offsets)")
        }
    }

    private struct Chain {
        let upstream: ObservedUpstream
        let server: RunningServer
        let client: AdminClient
        let access: ServerAccess
        let expected: ServerView

        /// A report, once that many syncs have ended.
        func report(_ number: Int) async throws -> SyncReport {
            var reports: [SyncReport] = []
            try await eventually("\(number) syncs have ended\n\(server.log)") {
                reports = try await client.syncReports(limit: 10).reports
                return reports.count >= number
            }
            return reports[reports.count - number]
        }

        func checkDownloads() async throws {
            try await access.downloads(from: server).check(expected.files, "in the end")
        }
    }

    private func withChain(_ fault: SpoiledAnswers, _ body: (Chain) async throws -> Void) async throws {
        try await Surroundings.with { here in
            var origin = try await GrowingOrigin(here, fileBytes: 60_000, random: SeededRandom(seed: 7))
            try await origin.release()
            let upstream = try await ObservedUpstream.start(before: origin.url)
            upstream.spoil(fault.spoiling())
            let settings = ["patch-sync.idle-timeout": "700ms", "patch-sync.sync-tiers": "true"]
            let server = try await here.downstream("site", of: upstream.url, token: origin.token, settings)
            let access = try await ServerAccess(to: server)
            let client = try access.client(of: server)
            try await body(
                Chain(
                    upstream: upstream, server: server, client: client, access: access,
                    expected: ServerView(of: origin.client)))
            await client.close()
            await origin.client.close()
            try await server.stop()
            await upstream.stop()
        }
    }
}
