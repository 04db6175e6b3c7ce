import Foundation
import GRDB
import LivepatchFiles
import LivepatchHTTP
import LivepatchKit
import PatchGenerator

/// What syncs cost that find nothing, a promotion, or a release, in catalogues of several sizes: over HTTP on loopback, from a server in
/// a process of its own into SQLite and a directory in this process.
struct SyncCostBenchmark {
    let bench: Workbench

    /// Files of one patch version of the catalogue.
    private static let filesOfVersion = 1_000
    private static let flavours = 10
    /// A file's length in bytes: small, so that what is measured is the work for each file.
    private static let fileLength = 4_096
    private static let atOnce = 8

    func run() async throws -> [Figure] {
        var figures: [Figure] = []
        for size in bench.scale.catalogues {
            defer {
                bench.remove("origin")
                bench.remove("site")
            }
            figures += try await measure(size)
        }
        return figures
    }

    private func measure(_ size: Int) async throws -> [Figure] {
        let catalogue = "\(size) files"
        let versions = max(1, size / Self.filesOfVersion)
        bench.say("syncs: filling an origin with \(catalogue)…")
        let origin = try Stores(at: bench.path("origin"))
        try await fill(origin, size, versions)
        let secret = try await origin.issueToken()
        let server = try await RunningServer(bench.server, dataDirectory: bench.path("origin"))
        defer { server.stop() }
        let administrator = try await server.administrator()
        let relay = try CountingRelay(to: server.port)
        defer { relay.stop() }
        let site = try Site(at: bench.path("site"), from: "http://127.0.0.1:\(relay.port)", token: secret)
        let first = try await bench.time { try await site.sync() }
        bench.say("syncs: a catalogue of \(catalogue) arrived in \(Int(first)) s")

        var figures = try await unchanged(catalogue, site, relay)
        figures += try await promotions(catalogue, versions, site, relay, administrator)
        figures += try await releases(catalogue, versions, site, relay, origin, server)
        await administrator.close()
        try await site.close()
        try origin.close()
        return figures
    }

    // MARK: What is measured

    /// Syncs that find nothing new, each beside the one request that they cannot do without.
    private func unchanged(_ catalogue: String, _ site: Site, _ relay: CountingRelay) async throws -> [Figure] {
        let tag = try await site.upstream.head(unless: nil)?.tag
        var syncs: [Double] = []
        var heads: [Double] = []
        var costs: [CountingRelay.Count] = []
        for _ in 0..<50 {
            heads.append(try await bench.time { _ = try await site.upstream.head(unless: tag) })
            let before = relay.count
            syncs.append(try await bench.time { try await site.sync(expecting: .unchanged) })
            costs.append(relay.count - before)
        }
        return [
            Figure("no-op sync, \(catalogue)", .seconds, syncs, against: "one request", heads),
            Figure("no-op sync, \(catalogue): requests", .number, costs.map { Double($0.requests) }, target: .atMost(1)),
            Figure("no-op sync, \(catalogue): bytes", .number, costs.map { Double($0.bytes) }, target: .atMost(1023)),
        ]
    }

    /// Promotions and their undoing, each beside the tier's document that has changed.
    private func promotions(
        _ catalogue: String, _ versions: Int, _ site: Site, _ relay: CountingRelay, _ administrator: AdminClient
    ) async throws -> [Figure] {
        let beta = try TierName(parsing: "beta")
        let version = Self.version(versions / 2)
        if versions > 1 {
            // A tier that holds something already.
            _ = try await administrator.change(.promote(version: Self.version(0), tier: beta))
            try await site.sync()
        }
        var bytes: [Double] = []
        var documents: [Double] = []
        var requests: [Double] = []
        var seconds: [Double] = []
        for index in 0..<10 {
            let command =
                index.isMultiple(of: 2)
                ? TierCommand.promote(version: version, tier: beta) : .withdraw(version: version, tier: beta)
            _ = try await administrator.change(command)
            // What is signed for the first asker is not the sync's cost.
            _ = try await site.upstream.head(unless: nil)
            let before = relay.count
            seconds.append(try await bench.time { try await site.sync() })
            let cost = relay.count - before
            let document = try await site.upstream.document(.tier(beta), limit: 16 << 20).bytes
            bytes.append(Double(cost.bytes))
            requests.append(Double(cost.requests))
            documents.append(Double(document.count))
        }
        return [
            Figure("promotion, \(catalogue)", .seconds, seconds),
            Figure("promotion, \(catalogue): bytes", .number, bytes, against: "the tier's document", documents),
            Figure("promotion, \(catalogue): requests", .number, requests),
        ]
    }

    /// Releases, each beside the fetching of its list of files and of the files.
    private func releases(
        _ catalogue: String, _ versions: Int, _ site: Site, _ relay: CountingRelay, _ origin: Stores, _ server: RunningServer
    ) async throws -> [Figure] {
        let count = bench.scale.releasedFiles
        var publishing: [Double] = []
        var (syncs, transfers): ([Double], [Double]) = ([], [])
        var (bytes, transferBytes): ([Double], [Double]) = ([], [])
        var (requests, transferRequests): ([Double], [Double]) = ([], [])
        var (processor, transferProcessor): ([Double], [Double]) = ([], [])
        var memory: [Double] = []
        for round in 0..<bench.scale.rounds {
            bench.say("syncs: release \(round + 1) of \(bench.scale.rounds) into \(catalogue)")
            let files = try await release(versions + round, count, into: origin)
            publishing.append(try await bench.time { _ = try await site.upstream.head(unless: nil) })

            var before = relay.count
            var processorBefore = try server.processorSeconds()
            transfers.append(
                try await bench.time {
                    _ = try await site.upstream.document(.version(Self.version(versions + round)), limit: 16 << 20)
                    try await site.fetch(files)
                })
            var cost = relay.count - before
            transferBytes.append(Double(cost.bytes))
            transferRequests.append(Double(cost.requests))
            transferProcessor.append(try server.processorSeconds() - processorBefore)

            before = relay.count
            processorBefore = try server.processorSeconds()
            let peak = try PeakMemory()
            syncs.append(try await bench.time { try await site.sync() })
            memory.append(try peak.growth() / 1_048_576)
            cost = relay.count - before
            bytes.append(Double(cost.bytes))
            requests.append(Double(cost.requests))
            processor.append(try server.processorSeconds() - processorBefore)
        }
        let release = "release of \(count) into \(catalogue)"
        let fetching = "list and files alone"
        return [
            Figure("publishing a \(release)", .seconds, publishing, target: .atMost(0.1)),
            Figure(release, .seconds, syncs, against: fetching, transfers),
            Figure("\(release): requests", .number, requests, against: fetching, transferRequests, target: .atMost(1.1)),
            Figure("\(release): bytes", .number, bytes, against: fetching, transferBytes, target: .atMost(1.1)),
            Figure(
                "\(release): processor time of the server", .seconds, processor, against: fetching, transferProcessor,
                target: .atMost(1.1)),
            Figure("\(release): growth of memory, MiB", .number, memory, target: .atMost(100)),
        ]
    }

    // MARK: Releases

    private static func version(_ index: Int) -> PatchVersion { PatchVersion(100 + index, 1) }

    private static func names(_ version: PatchVersion, _ count: Int) throws -> [PatchFileName] {
        Array(
            PatchNames(
                versions: [version], kernels: try PatchNames.kernels((count + flavours - 1) / flavours),
                flavours: try (0..<flavours).map { try Flavour(parsing: "flavour\($0)") }
            ).all().prefix(count))
    }

    /// Releases one version with a file for each of many kernels and flavours.
    private func release(_ index: Int, _ count: Int, into origin: Stores) async throws -> [PatchFile] {
        var noise = Noise(seed: UInt64(index))
        let contents = try Self.names(Self.version(index), count).map { (name: $0, bytes: noise.bytes(Self.fileLength)) }
        return try await origin.release(contents, atOnce: Self.atOnce)
    }

    /// A catalogue of many names for one content, so that it is as large as it should be and a first sync fetches little.
    private func fill(_ origin: Stores, _ size: Int, _ versions: Int) async throws {
        var noise = Noise(seed: 0)
        let bytes = noise.bytes(Self.fileLength)
        for index in 0..<versions {
            let names = try Self.names(Self.version(index), min(size, Self.filesOfVersion))
            try await origin.release([(name: names[0], bytes: bytes)])
        }
        // The other files of each version are like its first.
        let database = try DatabaseQueue(path: DataDirectory(bench.path("origin")).database)
        try await database.write { db in
            let statement = try db.cachedStatement(
                sql: """
                    INSERT INTO file (version, name, length, digest, released, cve_list, available)
                    SELECT version, ?, length, digest, released, cve_list, available FROM file WHERE version = ? AND name = ?
                    """)
            // In the order of versions.
            for (index, key) in try Int64.fetchAll(db, sql: "SELECT id FROM version ORDER BY id").enumerated() {
                let names = try Self.names(Self.version(index), min(size, Self.filesOfVersion)).map(\.description)
                for name in names.dropFirst() { try statement.execute(arguments: [name, key, names[0]]) }
            }
            try db.execute(
                sql: """
                    UPDATE version SET (files, available, bytes) =
                        (SELECT count(*), sum(available), sum(length) FROM file WHERE file.version = version.id);
                    UPDATE catalogue SET revision = revision + 1
                    """)
        }
        try database.close()
    }
}
