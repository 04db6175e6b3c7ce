import FoundationEssentials
import HTTPTypes
import HummingbirdTesting
import LivepatchAPI
import LivepatchKit
import NIOCore
import Testing

@testable import LivepatchService

@Suite("Announcing to who holds a request open", .timeLimit(.minutes(1))) struct EventRouteTests {
    private func listening(_ server: ServerUnderTest, _ count: Int) async throws {
        let deadline = ContinuousClock.now + .seconds(30)
        while await server.parts.watch.listeners != count {
            try #require(ContinuousClock.now < deadline, "\(count) should listen")
            await Task.yield()
        }
    }

    private func request(_ token: String) -> ByteBuffer {
        ByteBuffer(string: "GET \(Paths.syncEvents) HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \(token)\r\n\r\n")
    }

    private func asking(_ token: String) -> ByteBuffer {
        ByteBuffer(string: "GET \(Paths.syncHead) HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \(token)\r\n\r\n")
    }

    private func event(_ server: ServerUnderTest) async throws -> String {
        "event: head\ndata: {\"tag\":\"\(try await server.parts.publisher.head(for: Shorthand.edge).tag)\"}\n\n"
    }

    /// How many requests wait aside.
    private func aside(_ server: ServerUnderTest) -> Int {
        server.parts.governance.governor.occupancy.aside.values.reduce(0, +)
    }

    /// A server with few seats for those who wait.
    private func server(seats: Int = 8) async throws -> ServerUnderTest {
        var server = try await ServerUnderTest()
        var limits = ServerLimits()
        limits.aside = seats
        server.parts.governance = Governance(
            limits, metrics: server.metrics, logger: server.log.logger(label: "governor"), seconds: { $0.upperBound })
        return server
    }

    @Test func `a downstream gets the head's tag, the next when it changes, comments between, and an end`() async throws {
        let server = try await server()
        try await server.add("livepatch-5.15.0-107.117-generic-107.1-amd64.tar.bz2")
        let token = try await server.secret("edge")
        let governor = server.parts.governance.governor
        try await RawClient.with(server) { port in
            try await RawClient.connect(port).executeThenClose { inbound, outbound in
                var reader = inbound.makeAsyncIterator()
                try await outbound.write(request(token))
                let first = try await event(server)
                let beginning = try await RawClient.answer(&reader, until: first)
                #expect(beginning.hasPrefix("HTTP/1.1 200 OK\r\n"))
                for field in ["Content-Type: text/event-stream", "Cache-Control: no-store", "Connection: close"] {
                    #expect(beginning.contains("\(field)\r\n"), "\(beginning)")
                }
                // It waits aside, and has no place among those that are served.
                #expect(aside(server) == 1)
                #expect(governor.occupancy.served.values.allSatisfy { $0 == 0 })
                await server.parts.watch.beat()
                #expect(try await RawClient.answer(&reader, until: ":\n\n") == "3\r\n:\n\n\r\n")
                try await server.add("livepatch-5.15.0-107.117-generic-108.1-amd64.tar.bz2")
                await server.parts.watch.beat()
                let second = try await event(server)
                #expect(second != first)
                #expect(try await RawClient.answer(&reader, until: second).contains(second))
                await server.parts.watch.close()
                // The rest is the end of the body, and of the connection.
                #expect(try await RawClient.answer(&reader).hasSuffix("0\r\n\r\n"))
            }
            while aside(server) != 0 { await Task.yield() }
        }
    }

    @Test func `many listen at once, and whoever goes away is forgotten with the seat`() async throws {
        let server = try await server(seats: 40)
        let token = try await server.secret("edge")
        let going = Happening()
        try await RawClient.with(server) { port in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<20 {
                    group.addTask {
                        try await RawClient.connect(port).executeThenClose { inbound, outbound in
                            var reader = inbound.makeAsyncIterator()
                            try await outbound.write(request(token))
                            #expect(try await RawClient.answer(&reader, until: "\n\n\r\n").contains("event: head"))
                            await going.wait()
                        }
                    }
                }
                try await listening(server, 20)
                #expect(aside(server) == 20)
                going.happen()
                try await group.waitForAll()
            }
            // Nobody answers any more what is said to those who are gone.
            let deadline = ContinuousClock.now + .seconds(30)
            while await server.parts.watch.listeners > 0 {
                try #require(ContinuousClock.now < deadline, "somebody is still said to listen")
                await server.parts.watch.beat()
            }
            while aside(server) != 0 { await Task.yield() }
        }
    }

    @Test func `who finds no seat is asked to come again, on a connection that stays`() async throws {
        let server = try await server(seats: 2)
        let token = try await server.secret("edge")
        try await RawClient.with(server) { port in
            try await RawClient.connect(port).executeThenClose { inbound, outbound in
                var reader = inbound.makeAsyncIterator()
                // So that it is known whose the token is.
                try await outbound.write(asking(token))
                _ = try await RawClient.answer(&reader, until: "}")
                try await outbound.write(request(token))
                _ = try await RawClient.answer(&reader, until: "event: head")
                // One token has half of the seats.
                try await RawClient.connect(port).executeThenClose { inbound, outbound in
                    var reader = inbound.makeAsyncIterator()
                    for _ in 0..<2 {
                        try await outbound.write(request(token))
                        let refused = try await RawClient.answer(&reader, until: "}")
                        #expect(refused.hasPrefix("HTTP/1.1 503 ") && refused.contains("server-overloaded"), "\(refused)")
                        #expect(!refused.lowercased().contains("connection: close"))
                    }
                }
            }
        }
    }

    @Test func `other answers can come before it on a connection, and none after it`() async throws {
        let server = try await server()
        let token = try await server.secret("edge")
        try await RawClient.with(server) { port in
            try await RawClient.connect(port).executeThenClose { inbound, outbound in
                var reader = inbound.makeAsyncIterator()
                try await outbound.write(asking(token))
                #expect(try await RawClient.answer(&reader, until: "}").hasPrefix("HTTP/1.1 200 OK\r\n"))
                try await outbound.write(request(token))
                _ = try await RawClient.answer(&reader, until: "event: head")
                for _ in 0..<3 { try await outbound.write(asking(token)) }
                await server.parts.watch.beat()
                #expect(try await RawClient.answer(&reader, until: ":\n\n").contains(":\n\n"))
                await server.parts.watch.close()
                #expect(try await !RawClient.answer(&reader).contains("HTTP/1.1"))
            }
        }
    }

    @Test func `a server that stops waits until its listeners are gone, and cuts those who stay`() async throws {
        let server = try await server()
        let token = try await server.secret("edge")
        var answer = ""
        try await RawClient.with(server) { port in
            let client = try await RawClient.connect(port)
            let (began, beginning) = AsyncStream.makeStream(of: Void.self)
            async let rest = client.executeThenClose { inbound, outbound in
                var reader = inbound.makeAsyncIterator()
                try await outbound.write(request(token))
                _ = try await RawClient.answer(&reader, until: "event: head")
                beginning.finish()
                return try await RawClient.answer(&reader)
            }
            for await _ in began {}
            await server.parts.watch.close()
            answer = try await rest
        }
        #expect(answer.hasSuffix("0\r\n\r\n"), "it was told of the end")

        // Nobody ends the streams of this one.
        let other = try await self.server()
        let secret = try await other.secret("edge")
        let (stopped, stopping) = AsyncStream.makeStream(of: String.self)
        let (began, beginning) = AsyncStream.makeStream(of: Void.self)
        var listener: Task<Void, any Error>?
        try await RawClient.with(other) { port in
            listener = Task {
                try await RawClient.connect(port).executeThenClose { inbound, outbound in
                    var reader = inbound.makeAsyncIterator()
                    try await outbound.write(request(secret))
                    _ = try await RawClient.answer(&reader, until: "event: head")
                    beginning.finish()
                    stopping.yield(try await RawClient.answer(&reader))
                }
                stopping.finish()
            }
            for await _ in began {}
        }
        for await rest in stopped { #expect(!rest.contains("0\r\n\r\n"), "it was cut") }
        try await listener?.value
        try await listening(other, 0)
    }

    @Test func `nobody without a token listens, and asking for the head of the answer only is no listening`() async throws {
        let server = try await server()
        let token = try await server.secret("edge")
        try await server.application.test(.router) { client in
            let refused = try await client.send(.get, Paths.syncEvents, token: "wrong")
            #expect(refused.status == .unauthorized)
            let head = try await client.send(.head, Paths.syncEvents, token: token)
            #expect(head.status == .ok && head.headers[.contentType] == "text/event-stream")
        }
        #expect(await server.parts.watch.listeners == 0)
        await server.parts.watch.close()
        try await server.application.test(.router) { client in
            let answer = try await client.send(.get, Paths.syncEvents, token: token)
            #expect(answer.status == .serviceUnavailable)
        }
        #expect(aside(server) == 0)
    }
}
