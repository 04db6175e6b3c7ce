import HTTPTypes
import Hummingbird
import HummingbirdCore
import HummingbirdTesting
import LivepatchAPI
import LivepatchKit
import Testing

@testable import LivepatchService

@Suite("Waiting for a change without a place", .timeLimit(.minutes(1))) struct AsideTests {
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

    private func routes(_ server: ServerUnderTest) -> Routes {
        Routes(
            gate: server.parts.gate, repeats: server.parts.repeats, entryMeter: EntryMeter(server.metrics),
            governance: server.parts.governance,
            meter: RequestMeter(server.metrics), security: server.parts.security)
    }

    private func aside(_ server: ServerUnderTest) -> Int? { server.parts.governance.governor.occupancy.aside[.strangers] }

    @Test func `a request that waits for a change keeps no place, and takes one to answer`() async throws {
        let server = try await server { $0.aside = 2 }
        let governor = server.parts.governance.governor
        let change = Happening()
        let routes = routes(server)
        routes.on(.get, "/waits", for: .everybody) { _, context in
            let waited: Bool? = try await context.aside {
                await change.wait()
                return true
            }
            // It has a place again, if it has waited.
            return Answers.text("\(waited ?? false) \(governor.occupancy.served[.strangers] ?? 0)")
        }
        routes.on(.get, "/asks", for: .everybody) { _, _ in Answers.text("answered") }
        let application = Application(responder: routes.responder, logger: server.log.logger(label: "server"))
        try await application.test(.router) { client in
            async let waiting = client.send(.get, "/waits")
            // It has a seat before it gives its place up.
            while aside(server) != 1 || governor.occupancy.served[.strangers] != 0 { await Task.yield() }
            // The only place of its kind is free for others, one after the other; and one visitor has half of the seats.
            #expect(try await client.send(.get, "/asks").text == "answered")
            #expect(try await client.send(.get, "/waits").text == "false 1")
            change.happen()
            let text = try await waiting.text
            #expect(text == "true 1")
        }
        #expect(aside(server) == 0 && governor.occupancy.served[.strangers] == 0)
    }

    @Test func `who finds no place after the wait is asked to come again`() async throws {
        let server = try await server { $0.aside = 2 }
        let governor = server.parts.governance.governor
        let change = Happening()
        let routes = routes(server)
        routes.on(.get, "/waits", for: .everybody) { _, context in
            _ = try await context.aside { await change.wait() }
            return Answers.text("answered")
        }
        let application = Application(responder: routes.responder, logger: server.log.logger(label: "server"))
        try await application.test(.router) { client in
            async let waiting = client.send(.get, "/waits")
            while aside(server) != 1 { await Task.yield() }
            let other = try await governor.enter(Visitor(kind: .strangers, key: 7))
            #expect(other != nil)
            change.happen()
            let refused = try await waiting
            #expect(refused.status == .serviceUnavailable)
            #expect(refused.problem?.code == "server-overloaded")
            #expect(refused.headers[.retryAfter] == "6")
            other?.leave()
        }
        #expect(aside(server) == 0 && governor.occupancy.served[.strangers] == 0)
    }

    @Test func `a wait that fails leaves nothing behind`() async throws {
        let server = try await server { $0.aside = 2 }
        let routes = routes(server)
        routes.on(.get, "/waits", for: .everybody) { _, context in
            _ = try await context.aside { throw LivepatchError(.notFound, "It is gone.") }
            return Answers.text("answered")
        }
        let application = Application(responder: routes.responder, logger: server.log.logger(label: "server"))
        try await application.test(.router) { client in
            for _ in 0..<3 {
                let status = try await client.send(.get, "/waits").status
                #expect(status == .notFound)
            }
        }
        #expect(aside(server) == 0 && server.parts.governance.governor.occupancy.served[.strangers] == 0)
    }

    @Test func `the time for an answer does not run meanwhile`() async throws {
        let server = try await server {
            $0.aside = 2
            $0.concurrency = 80
            $0.connections.answerTime = .seconds(1)
        }
        let (change, never) = (Happening(), Happening())
        let routes = routes(server)
        routes.on(.get, "/waits", for: .everybody) { _, context in
            _ = try await context.aside { await change.wait() }
            return Answers.text("answered")
        }
        routes.on(.get, "/hangs", for: .everybody) { _, _ in
            await never.wait()
            return Answers.text("answered")
        }
        let application = Application(
            responder: routes.responder,
            server: .http1(
                configuration: .init(
                    governance: server.parts.governance, connections: OpenConnections(server.metrics), hot: nil,
                    logger: server.log.logger(label: "http"))),
            configuration: .init(address: .hostname("127.0.0.1", port: 0)), logger: server.log.logger(label: "server"))
        try await application.test(.live) { client in
            let port = try #require(client.port)
            async let waiting = RawClient.exchange(port, "GET /waits HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            while aside(server) != 1 { await Task.yield() }
            // It began later, and its time is over: so the time of the first one would be, too.
            let cut = try await RawClient.exchange(port, "GET /hangs HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(cut.contains("did not answer in time"), "\(cut)")
            change.happen()
            let answer = try await waiting
            #expect(answer.hasPrefix("HTTP/1.1 200 "), "\(answer)")
            never.happen()
        }
    }

    @Test func `seats are bounded in all, and for each visitor`() {
        var room = WaitingRoom(seats: 4)
        let (one, other) = (Visitor(kind: .downstreams, key: 1), Visitor(kind: .machines, key: 2))
        let entries = [one, one, one, other, other, Visitor(kind: .machines, key: 3)].map { room.enter($0) }
        #expect(entries == [true, true, false, true, true, false])
        #expect(room.waiting == [.downstreams: 2, .machines: 2])
        room.leave(one)
        let isIn = room.enter(one)
        #expect(isIn)
        var none = WaitingRoom(seats: 0)
        let isSeated = none.enter(one)
        #expect(!isSeated)
    }
}
