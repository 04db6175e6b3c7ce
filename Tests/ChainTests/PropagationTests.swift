import FoundationEssentials
import LivepatchKit
import LivepatchTesting
import Testing

@Suite("How long changes take, and where they are") struct PropagationTests {
    private let clock = SettableTime(Date(timeIntervalSince1970: 1_750_000_000))

    private func server(_ id: String) async throws -> InProcessServer {
        let clock = clock
        return try await InProcessServer(id: id, now: clock.now)
    }

    @Test("A sync tells how long ago its news were signed, to the second, and nothing of what is not new")
    func propagation() async throws {
        let origin = try await server("origin")
        let site = try await server("site")
        let secret = try await origin.issue("edge", "site")
        try await origin.release("107.1")
        clock.advance(by: 3600)
        #expect(await site.sync(from: origin, secret: secret).propagationSeconds == nil, "the first sync brings what is old")
        clock.advance(by: 60)
        try await origin.release("108.1")
        // Whatever is asked for now is signed now.
        _ = try await origin.publisher.head(for: tier("edge"))
        clock.advance(by: 7)
        let report = await site.sync(from: origin, secret: secret)
        #expect(report.result == .complete && report.propagationSeconds == 7, "\(report)")
        clock.advance(by: 5)
        #expect(await site.sync(from: origin, secret: secret).propagationSeconds == nil)
        // Signatures that are renewed, with nothing new in them, are no change.
        clock.advance(by: 86_000)
        let renewed = await site.sync(from: origin, secret: secret)
        #expect(renewed.result == .unchanged && renewed.propagationSeconds == nil, "\(renewed)")
        try await origin.administer(.block(version: version("108.1"), reason: "crashes"))
        _ = try await origin.publisher.head(for: tier("edge"))
        clock.advance(by: 2)
        #expect(await site.sync(from: origin, secret: secret).propagationSeconds == 2)
    }

    @Test("A trace asks one server after the other, says nothing of what a token does not see, and why it ends")
    func trace() async throws {
        let origin = try await server("origin")
        let regional = try await server("regional")
        let site = try await server("site")
        let walk = self.walk(site, above: self.walk(regional, above: self.walk(origin, above: nil), tier: "edge"), tier: "beta")
        try await origin.release("107.1")
        let released = clock.now()
        clock.advance(by: 60)
        await regional.sync(from: origin, secret: try await origin.issue("edge", "regional"))
        let trace = try await walk.trace(of: version("107.1"), in: nil)
        #expect(trace.hops.map(\.deployment.description) == ["site", "regional", "origin"])
        #expect(trace.hops.map(\.arrived) == [nil, nil, released], "the site's token sees beta only")
        #expect(trace.problem == nil)

        try await regional.promote("107.1", "beta")
        clock.advance(by: 60)
        await site.sync(from: regional, secret: try await regional.issue("beta", "site"))
        try await origin.administer(.block(version: version("107.1"), reason: "crashes"))
        let later = try await walk.trace(of: version("107.1"), in: nil)
        #expect(later.hops.map(\.arrived) == [clock.now(), released.addingTimeInterval(60), released])
        #expect(later.hops.map { $0.tiers.map(\.description) } == [["edge"], ["beta"], []])
        #expect(later.hops[1].moved == released.addingTimeInterval(60))
        #expect(later.hops[2].blocked == clock.now())
        #expect(later.hops[1].blocked == nil, "it has not come here yet")
        #expect(try await walk.trace(of: version("107.1"), in: nil, hops: 2).hops.count == 2)
        #expect(try await walk.trace(of: version("107.1"), in: nil, hops: 2).problem != nil)
    }

    @Test("A trace whose way up is closed says what there is, and what closed it")
    func closedWay() async throws {
        let site = try await server("site")
        let walk = TraceWalk(
            deployment: site.deployment, catalog: site.catalog, tiers: TierStateCache(catalog: site.catalog),
            reports: NoReports(), upstream: ClosedWay(), now: clock.now)
        let trace = try await walk.trace(of: version("107.1"), in: nil)
        #expect(trace.hops.count == 1)
        #expect(trace.problem?.contains("cannot be reached") == true)
    }

    /// - Parameter tier: that of the token with which the server above is asked.
    private func walk(_ server: InProcessServer, above: TraceWalk?, tier: String = "edge") -> TraceWalk {
        let clock = clock
        return TraceWalk(
            deployment: server.deployment, catalog: server.catalog, tiers: TierStateCache(catalog: server.catalog),
            reports: NoReports(), upstream: above.map { NextWalk(walk: $0, tier: tier) }, now: clock.now)
    }
}

/// Asks a server in the same process.
private struct NextWalk: TraceSource {
    let walk: TraceWalk
    let tier: String

    func trace(of version: PatchVersion, hops: Int) async throws -> VersionTrace {
        try await walk.trace(of: version, in: TierName(parsing: tier), hops: hops)
    }
}

private struct ClosedWay: TraceSource {
    func trace(of version: PatchVersion, hops: Int) async throws -> VersionTrace {
        throw LivepatchError(.upstreamUnreachable, "The server above cannot be reached.")
    }
}

private struct NoReports: SyncReportStore {
    func add(_ report: SyncReport) async throws -> SyncReport { report }
    func reports(limit: Int) async throws -> [SyncReport] { [] }
}
