import FoundationEssentials
import LivepatchAPI
import LivepatchHTTP
import LivepatchKit
import ScriptedServer
import Testing

@Suite struct `Reporting a fleet to an upstream` {
    private let report: FleetReport
    private let page: MachinePage
    private let state: FleetReceipt.Feed

    init() throws {
        let site = try DeploymentID(parsing: "site-1")
        let mark = MachineFeedMark(epoch: "abc", sequence: 1)
        report = FleetReport(
            deployment: site, time: Date(timeIntervalSince1970: 1_700_000_000),
            entries: [
                FleetReport.Entry(
                    deployment: site, route: [], ageSeconds: 0, staleAfterSeconds: 7500, strategy: .unit,
                    tally: FleetTally(machines: 1, current: 0, presence: FleetPresence(), lines: [], failures: []), feed: mark)
            ])
        let machine = Machine(
            id: HashedMachineID(digest: SHA256Digest(of: [1])), authToken: "lab", tier: try TierName(parsing: "edge"),
            registered: Date(timeIntervalSince1970: 1_700_000_000))
        page = MachinePage(
            header: MachinePage.Header(deployment: site, epoch: "abc", after: 0, upTo: 1), machines: [machine])
        state = FleetReceipt.Feed(deployment: site, mark: mark, machines: 1)
    }

    @Test func `a report and a page arrive whole, with token and deployment`() async throws {
        let receipt = FleetReceipt(deployments: 1, feeds: [state])
        let script: ScriptedServer.Script = { [state] request in
            request.path == Paths.fleetReport ? try .json(receipt) : try .json(state)
        }
        try await withUpstream(script: script) { upstream, server async throws in
            #expect(try await upstream.receive(report) == receipt)
            #expect(try await upstream.receive(page) == state)
            let requests = server.requests
            #expect(requests.map(\.path) == ["/v1/sync/fleet-report", "/v1/sync/machine-reports"])
            #expect(requests.allSatisfy { $0.method == "POST" && $0.header("Authorization") == "Bearer \(token)" })
            #expect(requests.allSatisfy { $0.header(HeaderNames.deployment) == "site-1" })
            #expect(requests.map { $0.header("Content-Type") } == ["application/json", "application/x-ndjson"])
            #expect(try DocumentCoding.decode(FleetReport.self, from: requests[0].body) == report)
            #expect(try MachinePage(decoding: requests[1].body) == page)
            #expect(server.connections.accepted == 1)
        }
    }

    @Test(arguments: [404, 405]) func `an upstream of an older release is told apart`(_ status: Int) async throws {
        try await withUpstream(script: { _ in .status(status) }) { upstream, _ async throws in
            #expect(try await upstream.receive(report) == nil)
            #expect(try await upstream.receive(page) == nil)
            // Through the list of upstreams as well.
            #expect(try await FailoverUpstream([upstream]).receive(report) == nil)
        }
    }

    @Test(arguments: [(401, LivepatchError.Code.upstreamRefusedToken), (500, .upstreamFailed), (400, .upstreamFailed)])
    func `any other status is an error`(_ status: Int, _ code: LivepatchError.Code) async throws {
        try await withUpstream(script: { _ in .status(status) }) { upstream, _ async throws in
            await expectError(code) { _ = try await upstream.receive(report) }
            await expectError(code) { _ = try await upstream.receive(page) }
        }
    }

    @Test func `an answer that cannot be one is refused`() async throws {
        try await withUpstream(script: { _ in .ok(Array("{}".utf8)) }) { upstream, _ async throws in
            await expectError(.upstreamMalformed) { _ = try await upstream.receive(report) }
        }
        try await withUpstream(script: { _ in .ok(content(2 << 20)) }) { upstream, _ async throws in
            await expectError(.upstreamMalformed) { _ = try await upstream.receive(report) }
        }
    }

    @Test func `an upstream that is busy says when to come back`() async throws {
        let script: ScriptedServer.Script = { _ in .status(503, headers: [("Retry-After", "7")]) }
        try await withUpstream(script: script) { upstream, _ async throws in
            do {
                _ = try await upstream.receive(report)
                Issue.record("nothing was thrown")
            } catch let busy as UpstreamBusy {
                #expect(busy.retryAfter == .seconds(7))
            }
        }
    }
}
