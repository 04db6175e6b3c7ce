import FoundationEssentials
import LivepatchKit
import LivepatchTesting
import Testing

@Suite("Coverage in a chain")
struct CoverageTests {
    private let time = Date(timeIntervalSince1970: 1_893_456_000)

    private func server(_ id: String) async throws -> InProcessServer {
        let time = time
        return try await InProcessServer(id: id, now: { time })
    }

    private func entry(_ series: String, until: String = "2035-04-30") throws -> KernelCoverage {
        KernelCoverage(
            .init(series: try KernelSeries(parsing: series), flavour: try Flavour(parsing: "generic"), architecture: .amd64),
            coveredUntil: try KernelCoverage.end(parsing: until))
    }

    private func support(_ series: String, _ server: InProcessServer) async throws -> KernelSupportStatus {
        try await server.kernels.support(
            of: KernelQuestion(
                series: try KernelSeries(parsing: series), flavour: try Flavour(parsing: "generic"), architecture: .amd64),
            at: time)
    }

    private func set(_ entries: [KernelCoverage], _ server: InProcessServer, replacesAll: Bool = false) async throws {
        _ = try await server.coverage.carryOut(CoverageChange(set: entries, replacesAll: replacesAll), by: "test")
    }

    @Test("The table travels down three servers, own entries win on the way, and a change follows", arguments: [false, true])
    func travelsDown(mirrors: Bool) async throws {
        let (origin, relay, site) = (try await server("origin"), try await server("relay"), try await server("site"))
        try await origin.release("107.1")
        let secrets = (try await origin.issue("edge", "relay"), try await relay.issue("edge", "site"))
        func sync() async -> [SyncReport] {
            func request(_ server: InProcessServer) -> SyncRequest {
                SyncRequest(deployment: server.deployment, mirrorsTiers: mirrors)
            }
            return [
                await relay.sync(from: origin, secret: secrets.0, request: request(relay)),
                await site.sync(from: relay, secret: secrets.1, request: request(site)),
            ]
        }
        try await set([entry("5.15", until: "2020-01-01"), entry("6.8")], origin)
        #expect(await sync().map(\.result) == [.complete, .complete])
        #expect(try await support("5.15", site) == .kernelEndOfLife)
        #expect(try await support("6.8", site) == .supported)
        #expect(await sync().map(\.result) == [.unchanged, .unchanged])

        // Somebody between knows better.
        try await set([entry("5.15")], relay)
        #expect(await sync().map(\.result) == [.unchanged, .complete])
        #expect(try await support("5.15", origin) == .kernelEndOfLife)
        #expect(try await support("5.15", site) == .supported)

        // Nothing but the table has changed, and it arrives.
        let revision = try await site.catalog.revision()
        try await set([entry("6.8", until: "2021-01-01")], origin, replacesAll: true)
        #expect(await sync().map(\.result) == [.complete, .complete])
        #expect(try await support("6.8", site) == .kernelEndOfLife)
        #expect(try await site.catalog.revision() > revision)
        #expect(
            try await relay.coverage.table()
                == CoverageTable(local: [entry("5.15")], upstream: [entry("6.8", until: "2021-01-01")]))

        // An empty table is no document at all.
        try await set([], origin, replacesAll: true)
        _ = await sync()
        #expect(try await site.coverage.table().upstream == [entry("5.15")])
        #expect(try await relay.coverage.table().upstream.isEmpty)
    }

    @Test("An upstream from before there was coverage is synced from as ever")
    func olderUpstream() async throws {
        let (origin, site) = (try await server("origin"), try await server("site"))
        try await origin.release("107.1")
        try await set([entry("6.8")], origin)
        let older = ManInTheMiddle(origin.upstream(secret: try await origin.issue("edge", "site")))
        older.changeHead {
            Head(
                route: $0.route, tier: $0.tier, filters: $0.filters, revocations: $0.revocations, tiers: $0.tiers,
                metadata: $0.metadata)
        }
        #expect(await site.sync(from: older).result == .complete)
        #expect(try await site.coverage.table() == CoverageTable())
        #expect(await site.sync(from: older).result == .unchanged)
    }

    /// The head as releases before there was coverage read it.
    private struct FormerHead: Codable {
        let format: Int
        let route: Route
        let tier: TierName
        let filters: FilterChain
        let revocations: DocumentReference
        let tiers: DocumentReference
        let metadata: HeadMetadata?
    }

    @Test("A downstream from before there was coverage reads the head, and one that was upgraded looks again")
    func olderDownstream() async throws {
        let (origin, site) = (try await server("origin"), try await server("site"))
        try await origin.release("107.1")
        try await set([entry("6.8")], origin)
        let secret = try await origin.issue("edge", "site")
        let document = try #require(await origin.upstream(secret: secret).head(unless: nil))
        let former = try DocumentCoding.decode(FormerHead.self, from: document.bytes)
        #expect(former.format == 1 && former.metadata != nil)

        // What an older release leaves behind: it knows the head's tag, and has not read the coverage.
        await site.sync(from: origin, secret: secret)
        let (tiers, revision) = try await site.catalog.tierState()
        let json = String(decoding: try DocumentCoding.encode(try await site.catalog.syncState()), as: UTF8.self)
        let state = try DocumentCoding.decode(
            SyncState.self, from: Array(json.replacing(#""readsCoverage":true,"#, with: "").utf8))
        #expect(json.contains("readsCoverage") && state.basis?.readsCoverage == nil)
        try await site.catalog.commit(
            SyncCommit(
                expected: revision, changed: [], documents: [], arrived: [], unavailable: [], removed: [], tiers: tiers.tiers,
                reach: tiers.reach, tokens: [], snapshotReason: nil, state: state,
                entry: ChangeEntry(time: time, actor: "test", action: "downgrade")))
        #expect(try await site.coverage.table() == CoverageTable())
        _ = await site.sync(from: origin, secret: secret)
        #expect(try await site.coverage.table().upstream == [entry("6.8")])
    }

    @Test("A table that speaks of the same kernels twice, or cannot be read, is refused, and nothing changes")
    func malformed() async throws {
        for spoil in [
            { (bytes: [UInt8]) in
                let entries = try DocumentCoding.decode(CoverageDocument.self, from: bytes).entries
                return try DocumentCoding.encode(CoverageDocument(entries: entries + entries))
            },
            { _ in Array(#"{"entries":[{"series":"6.8"}]}"#.utf8) },
        ] as [@Sendable ([UInt8]) throws -> [UInt8]] {
            let (origin, site) = (try await server("origin"), try await server("site"))
            try await origin.release("107.1")
            try await set([entry("6.8")], origin)
            let upstream = origin.upstream(secret: try await origin.issue("edge", "site"))
            let genuine = try await upstream.document(.coverage, limit: 1 << 20).bytes
            let spoiled = try spoil(genuine)
            let middle = ManInTheMiddle(upstream)
            middle.changeHead {
                Head(
                    route: $0.route, tier: $0.tier, filters: $0.filters, revocations: $0.revocations, tiers: $0.tiers,
                    metadata: $0.metadata, coverage: DocumentReference(of: spoiled))
            }
            middle.changeDocument { $0 == .coverage ? spoiled : $1 }
            let report = await site.sync(from: middle)
            #expect(report.result == .failed && report.failures.map(\.code) == ["upstream-malformed"], "\(report)")
            #expect(try await site.catalog.versions().isEmpty)
            // Bytes that are not those which the head names are no table at all.
            middle.changeHead { $0 }
            middle.changeHead {
                Head(
                    route: $0.route, tier: $0.tier, filters: $0.filters, revocations: $0.revocations, tiers: $0.tiers,
                    metadata: $0.metadata, coverage: DocumentReference(of: genuine))
            }
            #expect(await site.sync(from: middle).failures.map(\.code) == ["upstream-moving"])
        }
    }

    @Test("A bundle brings the table past an air gap", arguments: [false, true])
    func bundle(incremental: Bool) async throws {
        let (origin, site) = (try await server("origin"), try await server("site"))
        try await origin.release("107.1", length: 1000)
        var bundle = try await origin.bundle("edge")
        if incremental { #expect(try await site.apply(bundle.archive()).result == .complete) }
        try await set([entry("6.8")], origin)
        bundle = try await origin.bundle("edge", since: incremental ? bundle : nil)
        #expect(bundle.names.contains("documents/coverage.json"))
        let report = try await site.apply(bundle.archive())
        #expect(report.result == .complete, "\(report)")
        #expect(try await site.coverage.table().upstream == [entry("6.8")])
        #expect(try await support("6.8", site) == .supported)
    }
}
