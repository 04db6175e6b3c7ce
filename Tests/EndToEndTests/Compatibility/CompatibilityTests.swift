import Foundation
import LivepatchHTTP
import LivepatchKit
import LivepatchTesting
import Processes
import ScriptedServer
import Testing

/// Downstreams of earlier releases and upstreams of this one, and the other way round.
@Suite("Compatibility with earlier releases")
struct CompatibilityTests {
    @Test("there is a fixture") func fixtures() throws { #expect(try !CompatibilityFixture.all().isEmpty) }

    @Test(
        "this release's downstream syncs from an earlier release's upstream", .timeLimit(.minutes(2)),
        arguments: try CompatibilityFixture.all())
    func downstream(_ fixture: CompatibilityFixture) async throws {
        let scripted = try await ScriptedServer.start(try fixture.script())
        let upstream = try HTTPUpstream(ServerAddress(parsing: scripted.url), token: fixture.record.token)
        let time = fixture.record.time.addingTimeInterval(60)
        let site = try await InProcessServer(id: "site-now", now: { time })
        let report = await site.sync(
            from: upstream, request: SyncRequest(deployment: site.deployment, mirrorsTiers: true),
            trustedRoots: Set(fixture.record.trustedRoots))
        #expect(report.result == .complete, "\(report.failures)")
        let offers = try await site.offers().map { ($0.tier.description, $0.versions.map(\.description)) }
        #expect(Dictionary(uniqueKeysWithValues: offers) == fixture.record.offers)
        let again = await site.sync(
            from: upstream, request: SyncRequest(deployment: site.deployment, mirrorsTiers: true),
            trustedRoots: Set(fixture.record.trustedRoots))
        #expect(again.result == .unchanged, "\(again.failures)")
        await upstream.close()
        await scripted.stop()
    }

    @Test(
        "this release's upstream goes on from an earlier release's data, and answers what an earlier release's downstream asks",
        .timeLimit(.minutes(2)), arguments: try CompatibilityFixture.all())
    func upstream(_ fixture: CompatibilityFixture) async throws {
        try await Surroundings.with { here in
            try fixture.copyData(to: here.path("origin"))
            let server = try await here.server("origin")
            let asked = EarlierDownstream(port: server.port, token: fixture.record.token)
            let readings = fixture.readings
            #expect(readings.count > 10)
            for exchange in readings {
                let answer = try await asked.read(exchange.path)
                #expect(answer.status == exchange.status, "\(exchange.path)")
                for name in exchange.answered.keys {
                    #expect(answer.header(name) != nil, "\(exchange.path) lacks \(name)")
                }
                let before = try fixture.body(of: exchange) ?? []
                if asked.isSameForever(exchange.path) {
                    #expect(answer.body == before, "\(exchange.path)")
                } else {
                    let missing = try Shape(before).missing(from: Shape(answer.body))
                    #expect(missing.isEmpty, "\(exchange.path) lacks \(missing)")
                }
            }
            #expect(Set(fixture.reports.map(\.path)) == ["/v1/sync/fleet-report", "/v1/sync/machine-reports"])
            for exchange in fixture.reports {
                let answer = try await asked.tell(exchange.path, exchange.asked, fixture.body(try #require(exchange.sent)))
                #expect(answer.status == exchange.status, "\(exchange.path) \(answer.text)")
                let missing = try Shape(fixture.body(of: exchange) ?? []).missing(from: Shape(answer.body))
                #expect(missing.isEmpty, "\(exchange.path) lacks \(missing)")
            }
            try await asked.goOn(readings.filter { $0.path.hasPrefix("/v1/patches/") }.map(\.path))
            #expect(try await server.stop() == .exited(0))
        }
    }
}
