import Foundation
import LivepatchHTTP
import LivepatchKit

/// Changes at an origin, until they are seen at the end of a chain: real servers on loopback, each with the next below it.
struct PushBenchmark {
    let bench: Workbench

    private static let servers = 5
    private static let version = PatchVersion(100, 1)

    /// What is measured: a change, and whether it is seen.
    private struct Change {
        let command: TierCommand
        let isSeen: @Sendable (HTTPUpstream) async throws -> Bool
    }

    func run() async throws -> [Figure] {
        let origin = try Stores(at: bench.path("push-0"))
        var noise = Noise(seed: 7)
        let names = PatchNamesOfPush.names(of: Self.version)
        try await origin.release(names.map { (name: $0, bytes: noise.bytes(1_024)) })
        try origin.close()

        var chain: [RunningServer] = []
        defer { for server in chain.reversed() { server.stop() } }
        var upstream: RunningServer?
        for index in 0..<Self.servers {
            var settings: [String: String] = [:]
            var environment: [String: String] = [:]
            if let upstream {
                settings = [
                    "patch-sync.enabled": "true", "patch-sync.upstream-url": upstream.address, "patch-sync.sync-tiers": "true",
                    "patch-sync.interval": "24h",
                ]
                environment["LP_PATCH_SYNC_TOKEN"] = try await upstream.issueToken("next")
            }
            let server = try await RunningServer(
                bench.server, dataDirectory: bench.path("push-\(index)"), settings: settings, environment: environment)
            chain.append(server)
            upstream = server
        }
        guard let first = chain.first, let last = chain.last else { return [] }
        let administrator = try await first.administrator()
        let watcher = try HTTPUpstream(
            ServerAddress(parsing: last.address), token: try await last.issueToken("watcher"))
        bench.say("push: a chain of \(Self.servers) servers, \(bench.scale.pushedChanges) changes")
        let times = try await measure(administrator, watcher)
        await watcher.close()
        await administrator.close()
        return times.flatMap { name, seconds in
            [
                Figure("\(name) at the origin, seen at the last of \(Self.servers): median", .seconds, seconds),
                Figure(
                    "\(name) at the origin, seen at the last of \(Self.servers): 99th percentile", .seconds, [Self.p99(seconds)]),
            ]
        }
    }

    private func measure(
        _ administrator: AdminClient, _ watcher: HTTPUpstream
    ) async throws -> [(name: String, seconds: [Double])] {
        let beta = try TierName(parsing: "beta")
        let version = Self.version
        let promotions = [
            Change(command: .promote(version: version, tier: beta)) { try await Self.holds(version, beta, $0) },
            Change(command: .withdraw(version: version, tier: beta)) { try await !Self.holds(version, beta, $0) },
        ]
        let blocks = [
            Change(command: .block(version: version, reason: "bench")) { try await Self.blocks(version, $0) },
            Change(command: .unblock(version: version, reason: "bench")) { try await !Self.blocks(version, $0) },
        ]
        let (events, continuation) = AsyncStream.makeStream(of: ContinuousClock.Instant.self)
        let listening = Task {
            for try await _ in try await watcher.headTags() { continuation.yield(.now) }
            continuation.finish()
        }
        defer { listening.cancel() }
        var heard = events.makeAsyncIterator()
        // The whole chain is up when the last server shows the version.
        while try await !Self.holds(version, TierName(parsing: "edge"), watcher) { _ = await heard.next() }
        var results: [(name: String, seconds: [Double])] = []
        for (name, changes) in [("promotion", promotions), ("block", blocks)] {
            var seconds: [Double] = []
            for index in 0..<bench.scale.pushedChanges / 2 {
                let change = changes[index % 2]
                let start = ContinuousClock.now
                _ = try await administrator.change(change.command)
                while let event = await heard.next() {
                    // One that came before is of the change before.
                    guard event > start, try await change.isSeen(watcher) else { continue }
                    seconds.append(start.duration(to: event) / .seconds(1))
                    break
                }
            }
            results.append((name, seconds))
        }
        return results
    }

    private static func holds(_ version: PatchVersion, _ tier: TierName, _ server: HTTPUpstream) async throws -> Bool {
        do {
            let bytes = try await server.document(.tier(tier), limit: 1 << 20).bytes
            return try DocumentCoding.decode(TierDocument.self, from: bytes).versions.contains { $0.version == version }
        } catch let error as LivepatchError where error.code == .upstreamLacks {
            return false
        }
    }

    private static func blocks(_ version: PatchVersion, _ server: HTTPUpstream) async throws -> Bool {
        let bytes = try await server.document(.revocations, limit: 1 << 20).bytes
        return try DocumentCoding.decode(RevocationsDocument.self, from: bytes).blocks.contains { $0.version == version }
    }

    private static func p99(_ values: [Double]) -> Double {
        let sorted = values.sorted()
        return sorted.isEmpty ? 0 : sorted[min(sorted.count - 1, Int((Double(sorted.count) * 0.99).rounded(.up)) - 1)]
    }
}

/// The files of the one patch version that is pushed.
private enum PatchNamesOfPush {
    static func names(of version: PatchVersion) -> [PatchFileName] {
        (100..<105).compactMap {
            try? PatchFileName(parsing: "livepatch-5.15.0-\($0).\($0 + 10)-generic-\(version)-amd64.tar.bz2")
        }
    }
}
