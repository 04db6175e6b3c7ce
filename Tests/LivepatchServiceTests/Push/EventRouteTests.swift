import FoundationEssentials
import HTTPTypes
import HummingbirdTesting
import LivepatchAPI
import LivepatchKit
import Testing

@testable import LivepatchService

@Suite("Announcing to who holds a request open") struct EventRouteTests {
    private func listening(_ server: ServerUnderTest, _ count: Int) async throws {
        let deadline = ContinuousClock.now + .seconds(30)
        while await server.parts.watch.listeners != count {
            try #require(ContinuousClock.now < deadline, "nobody listens")
            await Task.yield()
        }
    }

    @Test func `a downstream gets the head's tag, the next when it changes, comments between, and an end`() async throws {
        let server = try await ServerUnderTest()
        try await server.add("livepatch-5.15.0-107.117-generic-107.1-amd64.tar.bz2")
        let token = try await server.secret("edge")
        let first = try await server.parts.publisher.head(for: Shorthand.edge).tag
        try await server.application.test(.router) { client in
            let answer = Task { try await client.send(.get, Paths.syncEvents, token: token) }
            try await listening(server, 1)
            await server.parts.watch.beat()
            try await server.add("livepatch-5.15.0-107.117-generic-108.1-amd64.tar.bz2")
            await server.parts.watch.beat()
            await server.parts.watch.close()
            let received = try await answer.value
            #expect(received.status == .ok)
            #expect(received.headers[.contentType] == "text/event-stream")
            let second = try await server.parts.publisher.head(for: Shorthand.edge).tag
            let events = received.text.components(separatedBy: "\n\n").filter { !$0.isEmpty && $0 != ":" }
            // A reader that is slower than the changes hears of the newest only.
            #expect(events.last == "event: head\ndata: {\"tag\":\"\(second)\"}")
            #expect(Set(events).subtracting(["event: head\ndata: {\"tag\":\"\(first)\"}"]).count == 1)
        }
    }

    @Test func `nobody without a token listens, and who listens is told of the own tier`() async throws {
        let server = try await ServerUnderTest()
        try await server.application.test(.router) { client in
            let answer = try await client.send(.get, Paths.syncEvents, token: "wrong")
            #expect(answer.status == .unauthorized)
        }
    }
}
