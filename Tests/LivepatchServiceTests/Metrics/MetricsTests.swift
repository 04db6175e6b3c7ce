import Foundation
import HTTPTypes
import HummingbirdTesting
import LivepatchAPI
import LivepatchKit
import LivepatchTesting
import Metrics
import MetricsTestKit
import NIOCore
import Testing

@testable import LivepatchService

@Suite("Metrics") struct MetricsTests {
    private func gauges(_ server: ServerUnderTest) -> ServerGauges {
        let clock = server.clock
        let store = InMemoryFleetStore(server.database, machines: server.parts.machines.store)
        return ServerGauges(
            server.parts,
            census: FleetCensus(
                store: store, catalog: server.catalog, tiers: server.parts.tiers, silentAfter: .seconds(10_800),
                now: { clock.now }), pause: .zero, quickPause: .zero, logger: server.log.logger(label: "gauges"),
            now: { clock.now })
    }

    private func value(_ server: ServerUnderTest, _ name: String, _ labels: [(String, String)] = []) throws -> Double? {
        try server.metrics.expectGauge(name, labels).lastValue
    }

    @Test func `a request is measured by its route's template, its method and its status`() async throws {
        let server = try await ServerUnderTest()
        let token = try await server.secret("edge")
        try await server.application.test(.router) { client in
            _ = try await client.send(.get, "/v1/sync/tiers/edge", token: token)
            _ = try await client.send(.get, "/v1/sync/tiers/edge", token: token)
            _ = try await client.send(.get, "/v1/sync/tiers/edge")
            _ = try await client.send(.get, "/no/such/path?with=query")
            _ = try await client.send(HTTPRequest.Method(rawValue: "MADEUP") ?? .get, "/")
        }
        func timer(_ handler: String, _ method: String, _ code: String) throws -> TestTimer {
            try server.metrics.expectTimer(RequestMeter.duration, [("handler", handler), ("method", method), ("code", code)])
        }
        #expect(try timer("/v1/sync/tiers/{tier}", "GET", "200").values.count == 2)
        #expect(try timer("/v1/sync/tiers/{tier}", "GET", "401").values.count == 1)
        #expect(try timer("other", "GET", "404").values.count == 1)
        #expect(try timer("other", "other", "405").values.count == 1)
    }

    @Test func `a credential is counted by its kind, whatever comes of it`() async throws {
        let server = try await ServerUnderTest()
        let sync = try await server.secret("edge")
        let machine = try await server.machine("m", in: "edge")
        try await server.application.test(.router) { client in
            _ = try await client.send(.get, "/v1/sync/head", token: sync)
            _ = try await client.send(.get, "/v1/sync/head", token: machine)
            _ = try await client.send(.get, "/v1/sync/head", token: "nonsense")
            _ = try await client.send(.get, "/v1/client/m/info", token: "nonsense")
            _ = try await client.send(.get, "/v1/admin/tiers", token: "nonsense")
            _ = try await client.send(.post, "/v1/client/n/register", token: "nonsense")
            var login = HTTPFields()
            login[.authorization] = "Basic \(Data("alice:wrong".utf8).base64EncodedString())"
            _ = try await client.send(.post, "/v1/admin/login", headers: login)
            _ = try await client.send(.get, "/debug/info")
        }
        for (token, count) in ["sync": 1, "machine": 2, "unknown": 1, "session": 1, "auth": 1, "basic": 1] as [String: Int64] {
            #expect(try server.metrics.expectCounter(EntryMeter.count, [("token", token)]).totalValue == count, "\(token)")
            #expect(try server.metrics.expectTimer(EntryMeter.duration, [("token_type", token)]).values.count == Int(count))
        }
    }

    @Test func `the gauges show catalogue, machines, tokens and free space`() async throws {
        let server = try await ServerUnderTest()
        try await server.add("livepatch-5.15.0-107.117-generic-100.1-amd64.tar.bz2", upTo: "beta")
        try await server.add("livepatch-5.15.0-107.117-generic-101.1-amd64.tar.bz2")
        _ = try await server.machine("m1", in: "beta")
        _ = try await server.machine("m2", in: "beta")
        let end = server.clock.now.addingTimeInterval(86_400)
        _ = try await server.secret("edge", name: "ending", validUntil: end)
        _ = try await server.secret("edge", name: "endless")
        await gauges(server).refreshAll()
        #expect(try value(server, "livepatch_server_patch_versions", [("tier", "edge")]) == 2)
        #expect(try value(server, "livepatch_server_patch_versions", [("tier", "beta")]) == 1)
        #expect(try value(server, "livepatch_server_patch_versions", [("tier", "candidate")]) == 0)
        #expect(try value(server, "livepatch_server_patch_files") == 2)
        #expect(
            try value(
                server, "livepatch_server_machines", [("tier", "beta"), ("state", "needs-check"), ("kernel_series", "unknown")])
                == 2
        )
        #expect(
            try value(server, "livepatch_server_token_expiry_timestamp_seconds", [("kind", "sync"), ("token", "ending")])
                == end.timeIntervalSince1970.rounded(.down))
        #expect(
            throws: (any Error).self, "what has no end is not told",
            performing: { try value(server, QueueGauges.tokenExpiry, [("kind", "sync"), ("token", "endless")]) })
        #expect(try value(server, "livepatch_server_catalogue_revision") ?? 0 > 0)
        #expect(try value(server, "livepatch_server_build_info", [("version", Release.version)]) == 1)
        #expect(try value(server, "livepatch_server_sync_enabled") == 0)
        #expect(try value(server, "livepatch_server_sync_lag_seconds") == 0, "an origin is behind nobody")
    }

    @Test func `age and lag grow from the last sync that succeeded, and syncs are counted from the start on`() async throws {
        let server = try await ServerUnderTest(upstream: "https://up.example") { _, _ in throw CancellationError() }
        let start = server.clock.now
        func report(_ result: SyncReport.Result, lag: Int64? = nil) async throws {
            var report = SyncReport(started: server.clock.now, ended: server.clock.now, result: result, files: 3, bytes: 500)
            report.upstreamLagSeconds = lag
            _ = try await server.reports.add(report)
        }
        try await report(.complete, lag: 40)
        let gauges = gauges(server)
        await gauges.refreshAll()
        server.clock.pass(60)
        try await report(.failed)
        server.clock.pass(5)
        await gauges.refresh()
        #expect(try value(server, SyncGauges.age) == 65)
        #expect(try value(server, SyncGauges.lag) == 105)
        #expect(try value(server, SyncGauges.result, [("result", "failed")]) == 1)
        #expect(try value(server, SyncGauges.result, [("result", "complete")]) == 0)
        #expect(try server.metrics.expectCounter(SyncGauges.syncs, [("result", "failed")]).totalValue == 1)
        #expect(try server.metrics.expectCounter(SyncGauges.syncs, [("result", "complete")]).totalValue == 0)
        #expect(try server.metrics.expectCounter(SyncGauges.transferredBytes).totalValue == 500)
        #expect(server.clock.now > start)
        #expect(try await server.parts.sync.lag(at: server.clock.now) == 105)
    }

    @Test func `a head says how far it is behind the origin`() async throws {
        let lag = try #require(HTTPField.Name(HeaderNames.lag))
        let origin = try await ServerUnderTest()
        let token = try await origin.secret("edge")
        try await origin.application.test(.router) { client in
            let answer = try await client.send(.get, "/v1/sync/head", token: token)
            #expect(answer.headers[lag] == "0")
        }
        let unsynced = try await ServerUnderTest(upstream: "https://up.example") { _, _ in throw CancellationError() }
        let other = try await unsynced.secret("edge")
        try await unsynced.application.test(.router) { client in
            let answer = try await client.send(.get, "/v1/sync/head", token: other)
            #expect(answer.status == .ok && answer.headers[lag] == nil)
        }
    }

    @Test func `the manual has a row for every metric, with its kind and labels, and for no other of ours`() throws {
        let manual = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent().appending(path: "Documentation/monitoring/README.md")
        let text = try String(contentsOf: manual, encoding: .utf8)
        let rows = text.matches(of: /(?m)^\| `([a-z_]+)` \| (counter|gauge|histogram) \| (.*?) \|/).map {
            ["\($0.1)", "\($0.2)", "\($0.3)"]
        }
        let facts = MetricFact.all.map { fact in
            [fact.name, fact.kind.rawValue, fact.labels.map { "`\($0)`" }.joined(separator: ", ")]
        }
        #expect(Set(facts).subtracting(rows) == [])
        #expect(Set(rows.filter { $0[0].hasPrefix("livepatch") }).subtracting(facts) == [])
    }

    @Test func `the path is there for everybody, or for whoever has the token`() async throws {
        var server = try await ServerUnderTest()
        try await server.application.test(.router) { client in
            let answer = try await client.send(.get, "/metrics")
            #expect(answer.status == .notFound, "they are not wanted")
        }
        server.parts.metrics = MetricsExposition(token: nil) { "a 1\n" }
        try await server.application.test(.router) { client in
            let answer = try await client.send(.get, "/metrics")
            #expect(answer.text == "a 1\n")
            #expect(answer.headers[.contentType] == "text/plain; version=0.0.4; charset=utf-8")
        }
        server.parts.metrics = MetricsExposition(token: "correct-token") { "a 1\n" }
        try await server.application.test(.router) { client in
            let missing = try await client.send(.get, "/metrics")
            let wrong = try await client.send(.get, "/metrics", token: "correct-tokem")
            let right = try await client.send(.get, "/metrics", token: "correct-token")
            #expect([missing, wrong, right].map(\.status) == [.unauthorized, .unauthorized, .ok])
            #expect(right.text == "a 1\n")
        }
        #expect(server.log.lines.contains { $0.contains("metricstoken_authn_failed:missing") })
        #expect(server.log.lines.contains { $0.contains("metricstoken_authn_failed:unknown") })
    }
}
