import Foundation
import LivepatchHTTP
import LivepatchKit
import Logging
import PatchGenerator

/// Syncs over HTTP on loopback, from a server in a process of its own into SQLite and a directory.
struct SyncBenchmark {
    let bench: Workbench

    /// A file's length in bytes: small, so that what is measured is the work for each file.
    private static let fileLength = 4_096
    private static let flavours = 10
    private static let atOnce = 8

    func run() async throws -> [Figure] {
        let scale = bench.scale
        let origin = try Stores(at: bench.path("origin"))
        let versions = scale.cataloguedFiles / scale.releasedFiles
        bench.say("syncs: filling the origin with \(scale.cataloguedFiles) files…")
        for index in 0..<versions { try await release(index, into: origin) }
        let secret = try await origin.issueToken()
        let server = try await RunningServer(bench.server, dataDirectory: bench.path("origin"))
        defer { server.stop() }
        let site = try Stores(at: bench.path("site"))
        let upstream = try HTTPUpstream(ServerAddress(parsing: server.address), token: secret)
        let first = try await timedSync(site, upstream, expecting: .complete)
        bench.say("syncs: \(scale.cataloguedFiles) files arrived in \(Int(first)) s")

        let (unchanged, heads) = try await unchangedSyncs(site, upstream)
        var releases: [Double] = []
        var transfers: [Double] = []
        for round in 0..<scale.rounds {
            bench.say("syncs: release \(round + 1) of \(scale.rounds)")
            let files = try await release(versions + round, into: origin)
            transfers.append(try await bench.time { try await fetch(files, upstream) })
            releases.append(try await timedSync(site, upstream, expecting: .complete))
        }
        await upstream.close()
        try site.close()
        try origin.close()
        let catalogue = "\(scale.cataloguedFiles) files"
        return [
            Figure("first sync, \(catalogue)", .perSecond, [Double(scale.cataloguedFiles) / first]),
            Figure("no-op sync, \(catalogue)", .seconds, unchanged, against: "one request", heads),
            Figure(
                "release of \(scale.releasedFiles) into \(catalogue)", .seconds, releases, against: "transfer only", transfers),
        ]
    }

    /// Releases one version with a file for each of many kernels and flavours.
    @discardableResult
    private func release(_ index: Int, into origin: Stores) async throws -> [PatchFile] {
        let names = PatchNames(
            versions: [PatchVersion(100 + index, 1)], kernels: try PatchNames.kernels(bench.scale.releasedFiles / Self.flavours),
            flavours: try (0..<Self.flavours).map { try Flavour(parsing: "flavour\($0)") })
        var noise = Noise(seed: UInt64(index))
        let contents = names.all().map { (name: $0, bytes: noise.bytes(Self.fileLength)) }
        let files = try await origin.release(contents, atOnce: Self.atOnce)
        return files
    }

    /// Syncs that find nothing new, each beside the one request that they cannot do without.
    private func unchangedSyncs(_ site: Stores, _ upstream: HTTPUpstream) async throws -> (syncs: [Double], heads: [Double]) {
        let tag = try await upstream.head(unless: nil)?.tag
        var syncs: [Double] = []
        var heads: [Double] = []
        for _ in 0..<50 {
            heads.append(try await bench.time { _ = try await upstream.head(unless: tag) })
            syncs.append(try await timedSync(site, upstream, expecting: .unchanged))
        }
        return (syncs, heads)
    }

    private func timedSync(
        _ site: Stores, _ upstream: HTTPUpstream, expecting result: SyncReport.Result
    ) async throws -> Double {
        let settings = Transfers.Settings(concurrency: Self.atOnce, bandwidth: BandwidthLimiter(bytesPerSecond: nil))
        let catalog = site.catalog
        let reader = SignedDocumentReader(
            upstream: upstream, documents: catalog, trust: site.trust, relaying: .origins,
            lastSync: { try await catalog.syncState() }, now: { Date() })
        let resources = SyncRun.Resources(
            upstream: upstream, reader: reader, catalog: catalog, tokens: site.tokens, storage: site.storage,
            transfers: Transfers(upstream: upstream, storage: site.storage, settings: settings),
            logger: Logger(label: "bench") { _ in SwiftLogNoOpLogHandler() }, now: { Date() })
        let request = SyncRequest(deployment: try await site.catalog.deployment())
        var report: SyncReport?
        let seconds = try await bench.time { report = await SyncRun(request, resources) { _ in }.run() }
        guard report?.result == result else {
            throw LivepatchError(
                .internalFault,
                "A sync was to end \(result.rawValue), and ended \(report?.result.rawValue ?? "not"): \(report?.failures.first?.message ?? "")"
            )
        }
        return seconds
    }

    /// Fetches files as a sync does, and throws them away.
    private func fetch(_ files: [PatchFile], _ upstream: HTTPUpstream) async throws {
        try await withThrowingTaskGroup { group in
            for worker in 0..<Self.atOnce {
                group.addTask {
                    for index in stride(from: worker, to: files.count, by: Self.atOnce) {
                        for try await _ in try await upstream.content(of: files[index], from: 0).chunks {}
                    }
                }
            }
            try await group.waitForAll()
        }
    }
}
