import AsyncHTTPClient
import Foundation
import LivepatchAPI
import LivepatchKit
import NIOCore
import NIOHTTP1
import Processes
import ScriptedServer
import Testing

@Suite("Content on demand, in real servers", .serialized) struct OnDemandKillTests {
    private static let mode = ["patch-sync.mode": "on-demand"]

    /// What a server lists.
    private func files(_ administrator: Administrator) async throws -> [PatchFileRecord] {
        let listed = try await administrator("storage patches --format json")
        return try DocumentCoding.decode(StoragePatchesBody.self, from: Array(listed.utf8)).files
    }

    /// - Throws: if the answer is not whole, by what it says itself.
    private func get(_ file: PatchFile, _ server: RunningServer, _ token: String) async throws -> RawAnswer {
        var request = HTTPClientRequest(url: server.url + Paths.patchFile(file.name))
        request.headers.add(name: "authorization", value: "Bearer \(token)")
        let answer = try await HTTPClient.shared.execute(request, timeout: .seconds(60))
        let body = try await answer.body.collect(upTo: 64 << 20)
        let headers = answer.headers.map { (name: $0.name.lowercased(), value: $0.value) }
        return RawAnswer(status: Int(answer.status.code), headers: headers, body: Array(body.readableBytesView))
    }

    private func isWhole(_ answer: RawAnswer) -> Bool { answer.status == 200 }

    @Test("Killed while it fetches what many ask for, a server gives nobody a whole answer, and goes on where it was")
    func killed() async throws {
        try await Surroundings.with { here in
            let origin = try await here.server("origin")
            let above = try await origin.administrator()
            try await above.importPatches("--versions 100.1 --kernels 2 --size 2M")
            let upstream = try await ObservedUpstream.start(before: origin.url)
            let token = try await above.token("edge", "site")
            // Slow enough that the kill finds the fetch under way.
            let slow = try await here.downstream(
                "site", of: upstream.url, token: token, Self.mode.merging(["patch-sync.bandwidth-limit": "150K"]) { $1 })
            let first = try await slow.administrator()
            try await eventually("the documents are here") { try await files(first).count == 2 }
            #expect(try await files(first).allSatisfy { $0.available && $0.isAwaited })
            #expect(try await first("sync status").contains("2 files not fetched yet"))
            #expect(upstream.fetches.isEmpty)
            let file = try await files(first)[0].file
            let secret = try await first.token("edge", "machine")
            let storage = StorageFiles(directory: slow.storageDirectory)

            await withTaskGroup(of: RawAnswer?.self) { group in
                for _ in 0..<4 { group.addTask { try? await get(file, slow, secret) } }
                try? await eventually("some of it has arrived") { (storage.staged()["\(file.digest)"] ?? 0) > 100_000 }
                try? await slow.process.kill9()
                for await answer in group { #expect(answer.map(isWhole) != true) }
            }
            let staged = try #require(storage.staged()["\(file.digest)"])
            #expect(staged > 0 && staged < file.length && !storage.holds(file.digest))
            #expect(upstream.fetches == [.init(file: file.name.description, offset: 0)])

            let again = try await here.downstream("site", of: upstream.url, token: token, Self.mode)
            let answer = try await get(file, again, secret)
            #expect(isWhole(answer) && SHA256Digest(of: answer.body) == file.digest)
            #expect(upstream.fetches.map(\.offset) == [0, staged])
            let second = try await again.administrator()
            try await eventually("it is not awaited any more") {
                try await files(second).filter(\.isAwaited).count == 1
            }
            #expect(try await second("storage verify").contains("1 file more not fetched yet"))
            await upstream.stop()
        }
    }

    @Test(
        "Through three levels one fetch each, nothing false is whole, an upstream that is away is said, and prefetching fills up")
    func threeLevels() async throws {
        try await Surroundings.with { here in
            let origin = try await here.server("origin")
            let above = try await origin.administrator()
            try await above.importPatches("--versions 100.1 --kernels 4 --size 300K")
            let upstream = try await ObservedUpstream.start(before: origin.url)
            let middle = try await here.downstream(
                "middle", of: upstream.url, token: try await above.token("edge", "middle"), Self.mode)
            let between = try await middle.administrator()
            try await eventually("the documents are in the middle") { try await files(between).count == 4 }
            let lowest = try await here.downstream(
                "lowest", of: middle.url, token: try await between.token("edge", "lowest"), Self.mode)
            let below = try await lowest.administrator()
            try await eventually("the documents are below") { try await files(below).count == 4 }
            let secret = try await below.token("edge", "machine")
            let all = try await files(below).map(\.file)

            await withTaskGroup(of: RawAnswer?.self) { group in
                for _ in 0..<6 { group.addTask { try? await get(all[0], lowest, secret) } }
                for await answer in group {
                    #expect(answer.map(isWhole) == true && answer.map { SHA256Digest(of: $0.body) } == all[0].digest)
                }
            }
            #expect(upstream.fetches == [.init(file: all[0].name.description, offset: 0)])

            let name = all[1].name.description
            upstream.spoil { request, answer in
                guard ObservedUpstream.Fetch(request)?.file == name else { return answer }
                return .status(200, [UInt8](repeating: 7, count: Int(all[1].length)))
            }
            let spoiled = try? await get(all[1], lowest, secret)
            #expect(spoiled.map(isWhole) != true)
            upstream.spoil { _, answer in answer }
            try await eventually("the right one comes") {
                // What was false so far is broken off.
                guard let answer = try? await get(all[1], lowest, secret) else { return false }
                return isWhole(answer) && SHA256Digest(of: answer.body) == all[1].digest
            }

            try await middle.stop()
            let refused = try await get(all[2], lowest, secret)
            #expect(refused.status == 503 && refused.header("retry-after") != nil, "\(refused.text)")
            #expect(refused.text.contains("content-not-fetched"))
            let failed = try await below.run(["storage", "prefetch", "--format", "json"])
            #expect(failed.status == 1 && failed.output.contains("upstream-unreachable"), "\(failed)")
            await upstream.stop()
        }
    }

    @Test("Prefetching fills a tier, and a server without an upstream says that it has none")
    func prefetch() async throws {
        try await Surroundings.with { here in
            let origin = try await here.server("origin")
            let above = try await origin.administrator()
            try await above.importPatches("--versions 100.1,101.1 --kernels 3")
            let none = try await above.run(["storage", "prefetch", "--tier", "edge"])
            #expect(none.status == 78 && none.errors.contains("this server has no upstream"), "\(none)")
            let site = try await here.downstream("site", of: origin.url, token: try await above.token("edge", "site"), Self.mode)
            let below = try await site.administrator()
            try await eventually("the documents are here") { try await files(below).count == 6 }
            try await below("patch promote 100.1 beta")
            #expect(try await below("storage prefetch --tier beta").hasPrefix("3 files with "))
            #expect(try await below("storage prefetch --tier beta").contains("0 files with 0 B fetched, 3 here already"))
            #expect(try await below("storage prefetch").hasPrefix("3 files with "))
            let unknown = try await below.run(["storage", "prefetch", "--tier", "nowhere"])
            #expect(unknown.status == 66, "\(unknown)")
            try await eventually("nothing is awaited") { try await !files(below).contains(where: \.isAwaited) }
            #expect(try await below("doctor").contains("All 6 files are there"))
        }
    }
}
