import LivepatchKit
import LivepatchTesting
import NIOCore
import NIOEmbedded
import NIOHTTP1
import Testing

@testable import LivepatchService

@Suite("Requests that are recognized before they are decoded", .timeLimit(.minutes(1)))
struct HotShortcutTests {
    private static let name = "livepatch-5.15.0-107.117-generic-107.1-amd64.tar.bz2"
    private static let path = "/v1/patches/\(name)"
    private static let other = "/v1/patches/livepatch-5.15.0-107.117-generic-108.1-amd64.tar.bz2"

    /// What came on a connection and was not looked at.
    private actor Inbox {
        private var text = ""
        private var hasEnded = false
        private var waiting: (words: String, answer: CheckedContinuation<Void, Never>)?

        func take(_ part: String) {
            text += part
            if let waiting, text.contains(waiting.words) { wake() }
        }

        func end() {
            hasEnded = true
            wake()
        }

        /// All that came, once that has these words.
        func answer(until words: String) async -> String {
            if !text.contains(words), !hasEnded { await withCheckedContinuation { waiting = (words, $0) } }
            defer { text = "" }
            return text
        }

        private func wake() {
            waiting?.answer.resume()
            waiting = nil
        }
    }

    /// A connection to a server that has two files in memory.
    private struct Line {
        let hot: HotAnswers
        let outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
        let inbox: Inbox
        let secret: String

        var fields: String { "Host: localhost\r\nAuthorization: Bearer \(secret)\r\n" }

        /// What is answered, until that has these words, and how many requests of it were not decoded.
        func ask(_ pieces: String..., until end: String) async throws -> (answer: String, undecoded: Int) {
            let before = hot.undecoded
            for piece in pieces { try await outbound.write(ByteBuffer(string: piece)) }
            let answer = await inbox.answer(until: end)
            return (answer, hot.undecoded - before)
        }

        func get(_ path: String, _ more: String = "", until end: String) async throws -> (answer: String, undecoded: Int) {
            try await ask("GET \(path) HTTP/1.1\r\n\(fields)\(more)\r\n", until: end)
        }
    }

    private func line(
        _ prepare: (inout ServerUnderTest) -> Void = { _ in }, _ body: (Line, ServerUnderTest) async throws -> Void
    ) async throws {
        var server = try await ServerUnderTest().heated()
        prepare(&server)
        try await server.add(Self.name, Array("content".utf8))
        try await server.add(String(Self.other.dropFirst("/v1/patches/".count)), Array("another".utf8))
        let secret = try await server.secret("edge")
        try await RawClient.serving(server) { port, hot in
            let hot = try #require(hot)
            for path in [Self.path, Self.other] {
                for _ in 0..<3 {
                    _ = try await RawClient.exchange(
                        port, "GET \(path) HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer \(secret)\r\n\r\n")
                }
            }
            try await RawClient.connect(port).executeThenClose { inbound, outbound in
                let inbox = Inbox()
                let listening = Task {
                    for try await part in inbound { await inbox.take(String(buffer: part)) }
                    await inbox.end()
                }
                defer { listening.cancel() }
                try await body(Line(hot: hot, outbound: outbound, inbox: inbox, secret: secret), server)
            }
        }
    }

    private func withoutDate(_ answer: String) -> String {
        answer.split(separator: "\r\n", omittingEmptySubsequences: false).filter { !$0.hasPrefix("Date: ") }
            .joined(separator: "\n")
    }

    @Test func `what is asked again, or of something else with the same fields, is answered undecoded`() async throws {
        try await line { line, _ in
            let first = try await line.get(Self.path, until: "content")
            #expect(first.undecoded == 0)
            let second = try await line.get(Self.path, until: "content")
            #expect(second.undecoded == 1 && withoutDate(second.answer) == withoutDate(first.answer))
            let other = try await line.get(Self.other, until: "another")
            #expect(other.undecoded == 1 && other.answer.hasPrefix("HTTP/1.1 200 OK\r\n"))
            for _ in 0..<2 { _ = try await line.get("/v1/sync/head", until: "}}") }
            #expect(try await line.get("/v1/sync/head", until: "}}").undecoded == 1)
        }
    }

    @Test func `other fields, another method and another version are decoded, and mean what they say`() async throws {
        try await line { line, _ in
            for _ in 0..<2 { _ = try await line.get(Self.path, until: "content") }
            let part = try await line.get(Self.path, "Range: bytes=0-2\r\n", until: "\r\n\r\ncon")
            #expect(part.undecoded == 0 && part.answer.hasPrefix("HTTP/1.1 206 "))
            // Those fields are the familiar ones now.
            let again = try await line.get(Self.path, "Range: bytes=0-2\r\n", until: "\r\n\r\ncon")
            #expect(again.undecoded == 1 && withoutDate(again.answer) == withoutDate(part.answer))
            #expect(try await line.get(Self.path, until: "content").answer.hasPrefix("HTTP/1.1 200 "))
            let head = try await line.ask("HEAD \(Self.path) HTTP/1.1\r\n\(line.fields)\r\n", until: "\r\n\r\n")
            #expect(head.undecoded == 0 && head.answer.hasPrefix("HTTP/1.1 200 "))
        }
    }

    @Test func `a token that is good no more opens nothing from that moment on`() async throws {
        try await line { line, server in
            for _ in 0..<2 { _ = try await line.get(Self.path, until: "content") }
            try await server.issuer.revoke("token-edge", by: "test")
            let refused = try await line.get(Self.path, until: "}")
            #expect(refused.undecoded == 0 && refused.answer.hasPrefix("HTTP/1.1 401 "))
        }
    }

    @Test func `what is not in memory passes, and what comes after it is recognized as before`() async throws {
        try await line { line, _ in
            for _ in 0..<2 { _ = try await line.get(Self.path, until: "content") }
            for path in ["/v1/patches/nothing", "/v1/sync/tiers/none", "/nothing", "/v1/patches/%"] {
                let answer = try await line.get(path, until: "}")
                #expect(answer.undecoded == 0 && answer.answer.hasPrefix("HTTP/1.1 40"), "\(path)")
                let known = try await line.get(Self.path, until: "content")
                #expect(known.answer.hasPrefix("HTTP/1.1 200 "), "\(path)")
            }
            let query = try await line.get(Self.path + "?x", until: "content")
            #expect(query.undecoded == 0 && query.answer.hasPrefix("HTTP/1.1 200 "))
            let wrong = try await line.get("x", until: "\r\n\r\n")
            #expect(wrong.undecoded == 0 && wrong.answer.hasPrefix("HTTP/1.1 400 "))
        }
    }

    @Test func `a request is what the decoder makes of it, whatever its target pretends`() async throws {
        try await line { line, _ in
            for _ in 0..<2 { _ = try await line.get(Self.path, until: "content") }
            // Two requests: the first one's fields end where the second's target seems to begin.
            let two = "\(Self.path) HTTP/1.1\r\n\(line.fields)\r\nGET \(Self.other)"
            let answer = try await line.get(two, until: "another")
            #expect(answer.undecoded == 0)
            #expect(answer.answer.contains("content") && answer.answer.ranges(of: "HTTP/1.1 200 OK").count == 2)
            // From here on nobody can be sure that the decoder has nothing left.
            #expect(try await line.get(Self.path, until: "content").undecoded == 0)
        }
    }

    @Test func `several requests at once are answered in order`() async throws {
        try await line { line, _ in
            for _ in 0..<2 { _ = try await line.get(Self.path, until: "content") }
            let request = "GET \(Self.path) HTTP/1.1\r\n\(line.fields)\r\n"
            let last = request.replacing(Self.path, with: Self.other)
            let answer = try await line.ask(request + request + last, until: "another")
            #expect(answer.undecoded == 0 && answer.answer.ranges(of: "content").count == 2)
        }
    }

    @Test(arguments: [1, 4, 20, 120]) func `a request that comes in two pieces is answered`(_ cut: Int) async throws {
        try await line { line, _ in
            for _ in 0..<2 { _ = try await line.get(Self.path, until: "content") }
            let request = "GET \(Self.path) HTTP/1.1\r\n\(line.fields)\r\n"
            let pieces = (String(request.prefix(cut)), String(request.dropFirst(cut)))
            #expect(try await line.ask(pieces.0, pieces.1, until: "content").answer.hasPrefix("HTTP/1.1 200 "))
        }
    }

    @Test func `what was recognized and cannot be answered is answered by the handlers, though the client sends no more`()
        async throws
    {
        try await line { line, _ in
            for _ in 0..<2 { _ = try await line.get(Self.path, until: "content") }
            try await line.outbound.write(
                ByteBuffer(string: "GET /v1/patches/nothing HTTP/1.1\r\n\(line.fields)\r\n"))
            line.outbound.finish()
            #expect(await line.inbox.answer(until: "}").hasPrefix("HTTP/1.1 404 "))
        }
    }

    /// What stands around the decoder of a connection, without a connection.
    private struct Pipeline {
        let channel = EmbeddedChannel()

        init(_ server: ServerUnderTest) throws {
            let routes = ServerRoutes.routes(server.parts, server.options, logger: server.log.logger(label: "hot"))
            let limits = server.parts.governance
            let connection = ConnectionGuard(
                limits.limits.connections, places: limits.connections, logger: server.log.logger(label: "guard"))
            let hot = HotHandler(try #require(routes.hot), connection)
            try channel.pipeline.syncOperations.addHandlers([
                HTTPResponseEncoder(), ByteCounter(connection), HotShortcut(hot),
                ByteToMessageHandler(HTTPRequestDecoder(leftOverBytesStrategy: .dropBytes)), hot, connection,
            ])
            try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        }

        /// Something comes while all else waits.
        func comes(_ text: String) throws { try channel.writeInbound(ByteBuffer(string: text)) }

        /// What has reached the handlers behind: the requests' targets, and a dot for each end.
        func passed() throws -> [String] {
            channel.embeddedEventLoop.run()
            var passed: [String] = []
            while let part = try channel.readInbound(as: HTTPServerRequestPart.self) {
                switch part {
                case .head(let head):
                    passed.append(head.uri)
                    // As if it were answered at once.
                    channel.write(HTTPServerResponsePart.head(.init(version: .http1_1, status: .ok)), promise: nil)
                    channel.write(HTTPServerResponsePart.end(nil), promise: nil)
                case .body: passed.append("body")
                case .end: passed.append(".")
                }
            }
            return passed
        }
    }

    @Test func `what comes behind a request that waits to be answered is decoded behind it`() async throws {
        let server = try await ServerUnderTest().heated()
        func request(_ target: String) -> String { "GET \(target) HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer nobody\r\n\r\n" }
        // No token is known, so that the handlers have to answer everything.
        let pipeline = try Pipeline(server)
        for _ in 0..<2 {
            try pipeline.comes(request("/v1/patches/a"))
            #expect(try pipeline.passed() == ["/v1/patches/a", "."])
        }
        // A part of the next request, before the one that was recognized is answered.
        let next = request("/v1/patches/c")
        try pipeline.comes(request("/v1/patches/b"))
        try pipeline.comes(String(next.prefix(30)))
        #expect(try pipeline.passed() == ["/v1/patches/b", "."])
        try pipeline.comes(String(next.dropFirst(30)))
        #expect(try pipeline.passed() == ["/v1/patches/c", "."])

        let other = try Pipeline(server)
        try other.comes(request("/v1/patches/a"))
        #expect(try other.passed() == ["/v1/patches/a", "."])
        try other.comes(request("/v1/patches/b"))
        try other.comes(request("/v1/patches/c"))
        other.channel.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
        #expect(try other.passed() == ["/v1/patches/b", ".", "/v1/patches/c", "."])
    }

    @Test func `a target that is too long is refused`() async throws {
        try await line { server in
            var limits = ServerLimits()
            limits.connections.targetBytes = Self.path.utf8.count
            server.parts.governance = Governance(limits, metrics: server.metrics, logger: server.log.logger(label: "governor"))
        } _: { line, _ in
            for _ in 0..<2 { _ = try await line.get(Self.path, until: "content") }
            let refused = try await line.get("/v1/sync/metadata/tiers/edge/\(String(repeating: "a", count: 60)).json", until: "}")
            #expect(refused.undecoded == 0 && refused.answer.hasPrefix("HTTP/1.1 414 "))
        }
    }
}
