import HTTPTypes
import HummingbirdTesting
import LivepatchAPI
import LivepatchKit
import MetricsTestKit
import NIOCore
import Testing

@testable import LivepatchService

@Suite("A server with more to do than it can", .timeLimit(.minutes(1))) struct GovernanceTests {
    private func server(_ change: (inout ServerLimits) -> Void) async throws -> ServerUnderTest {
        var server = try await ServerUnderTest()
        var limits = ServerLimits()
        limits.concurrency = 4
        limits.burst = 0
        change(&limits)
        server.parts.governance = Governance(
            limits, metrics: server.metrics, logger: server.log.logger(label: "governor"), seconds: { $0.upperBound })
        return server
    }

    /// Takes places as requests do that are being served.
    private func occupy(_ server: ServerUnderTest, _ kind: CallerKind, _ count: Int) async throws -> [Place] {
        var places: [Place] = []
        for number in 0..<count {
            if let place = try await server.parts.governance.governor.enter(Visitor(kind: kind, key: -number)) {
                places.append(place)
            }
        }
        return places
    }

    private func overloads(_ server: ServerUnderTest) throws -> Int64 {
        try server.metrics.expectCounter(Governor.overload).totalValue
    }

    @Test func `refuses machines, and serves administrators and whoever looks after it`() async throws {
        let server = try await server { _ in }
        let token = try await server.machine("machine-1", in: "edge")
        let session = try await server.session()
        try await server.application.test(.router) { client in
            // Its credential is seen once, so that its next request is an administrator's.
            #expect(try await client.send(.get, Paths.tiers, token: session).status == .ok)
            let herd = try await occupy(server, .machines, 10)
            let strangers = try await occupy(server, .strangers, 10)
            #expect(herd.count == 1 && strangers.count == 1)
            let refused = try await client.send(.get, "/v1/client/machine-1/info", token: token)
            #expect(refused.status == .serviceUnavailable)
            #expect(refused.problem?.code == "server-overloaded")
            #expect(refused.headers[.retryAfter] == "60")
            #expect(try overloads(server) == 19)
            #expect(try await client.send(.get, Paths.tiers, token: session).status == .ok)
            for path in ["/", "/debug/info", "/debug/status"] {
                #expect(try await client.send(.get, path).status == .ok, "\(path)")
            }
            #expect(try await client.send(.get, Paths.tiers, token: "unknown").status == .serviceUnavailable)
            #expect(try await client.send(.get, "/nowhere").status == .notFound)
            for place in herd + strangers { place.leave() }
            #expect(try await client.send(.get, "/v1/client/machine-1/info", token: token).status == .ok)
            #expect(try await client.send(.get, Paths.tiers, token: "unknown").status == .unauthorized)
        }
        let lines = server.log.lines.filter { $0.contains("more requests than places") }
        #expect(lines.count == 1, "thousands of refusals are not thousands of lines")
    }

    @Test func `lets requests wait, for as long as that is worth it`() async throws {
        let server = try await server {
            $0.burst = 8
            $0.queueDeadline = .seconds(30)
        }
        let token = try await server.machine("machine-1", in: "edge")
        try await server.application.test(.router) { client in
            let herd = try await occupy(server, .machines, 1)
            async let answer = client.send(.get, "/v1/client/machine-1/info", token: token)
            while server.parts.governance.governor.occupancy.waiting[.machines] == 0 { await Task.yield() }
            herd[0].leave()
            #expect(try await answer.status == .ok)
        }
        #expect(server.parts.governance.governor.occupancy.served.values.allSatisfy { $0 == 0 })

        let hasty = try await self.server {
            $0.burst = 8
            $0.queueDeadline = .milliseconds(20)
        }
        let other = try await hasty.machine("machine-1", in: "edge")
        try await hasty.application.test(.router) { client in
            let herd = try await occupy(hasty, .machines, 1)
            #expect(try await client.send(.get, "/v1/client/machine-1/info", token: other).status == .serviceUnavailable)
            #expect(hasty.parts.governance.governor.occupancy.waiting[.machines] == 0)
            #expect(herd.count == 1)
        }
        #expect(try overloads(hasty) == 1)
    }

    @Test func `a request that is cancelled while it waits gives its turn to others`() async throws {
        let governor = Governor(
            places: 4, burst: 8, deadline: .seconds(60), metrics: try await ServerUnderTest().metrics,
            logger: CapturedLog().logger(label: "governor"))
        let place = try #require(try await governor.enter(Visitor(kind: .machines, key: 1)))
        let waiting = Task { try await governor.enter(Visitor(kind: .machines, key: 2)) }
        while governor.occupancy.waiting[.machines] == 0 { await Task.yield() }
        waiting.cancel()
        await #expect(throws: CancellationError.self) { _ = try await waiting.value }
        #expect(governor.occupancy.waiting[.machines] == 0)
        place.leave()
        place.leave()
        #expect(governor.occupancy.served[.machines] == 0, "a place is given back once")
    }

    @Test func `a download keeps its place until it has been sent, a short answer does not`() async throws {
        let server = try await server { $0.concurrency = 20 }
        let file = try await server.add(
            "livepatch-5.15.0-107.117-generic-107.1-amd64.tar.bz2", [UInt8](repeating: 1, count: 1 << 20))
        let secret = try await server.secret("edge")
        try await server.application.test(.live) { client in
            let download = try await client.send(.get, Paths.patchFile(file.name), token: secret)
            #expect(download.body.readableBytes == 1 << 20)
            #expect(try await client.send(.get, Paths.syncHead, token: secret).status == .ok)
        }
        #expect(server.parts.governance.governor.occupancy.served.values.allSatisfy { $0 == 0 })
    }

    @Test func `asks a machine and a downstream that come too often to wait`() async throws {
        let server = try await server {
            $0.machineRate = 2
            $0.downstreamRate = 3
        }
        let token = try await server.machine("machine-1", in: "edge")
        let other = try await server.machine("machine-2", in: "edge")
        let secret = try await server.secret("edge")
        try await server.application.test(.router) { client in
            for _ in 0..<2 { #expect(try await client.send(.get, "/v1/client/machine-1/info", token: token).status == .ok) }
            let refused = try await client.send(.get, "/v1/client/machine-1/info", token: token)
            #expect(refused.status == .tooManyRequests)
            #expect(refused.problem?.code == "rate-limited")
            #expect(refused.headers[.retryAfter] == "30")
            let (policy, state) = (HTTPField.Name("RateLimit-Policy"), HTTPField.Name("RateLimit"))
            #expect(policy.flatMap { refused.headers[$0] } == #""machines";q=2;w=60"#)
            #expect(state.flatMap { refused.headers[$0] } == #""machines";r=0;t=30"#)
            #expect(try await client.send(.get, "/v1/client/machine-2/info", token: other).status == .ok)
            for _ in 0..<3 { #expect(try await client.send(.get, Paths.syncHead, token: secret).status == .ok) }
            #expect(try await client.send(.get, Paths.syncHead, token: secret).status == .tooManyRequests)
        }
    }

    @Test func `stops whoever guesses auth tokens, and not those who have one`() async throws {
        let server = try await server { $0.registrationRate = 3 }
        let secret = try await server.authToken("edge")
        try await server.application.test(.live) { client in
            func register(_ id: Int, _ token: String) async throws -> HTTPResponse.Status {
                try await client.send(.post, "/v1/client/machine-\(id)/register", token: token).status
            }
            for id in 0..<5 {
                let status = try await register(id, secret)
                #expect(status == .created)
            }
            for id in 0..<3 { #expect(try await register(id, "guess-\(id)") == .unauthorized) }
            #expect(try await register(9, "guess") == .tooManyRequests)
        }
    }
}
