import LivepatchKit
import LivepatchTesting
import NIOCore
import NIOEmbedded
import NIOHTTP1
import Testing

@testable import LivepatchService

@Suite("Going on with an answer that announces", .timeLimit(.minutes(1))) struct EventStreamHandlerTests {
    /// What is below: it notes what it is asked for.
    private final class Socket: ChannelOutboundHandler {
        typealias OutboundIn = HTTPServerResponsePart

        private(set) var bodies: [String] = []
        private(set) var hasEnded = false
        private(set) var closings: [CloseMode] = []
        private(set) var reads = 0

        func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
            switch unwrapOutboundIn(data) {
            case .body(.byteBuffer(let bytes)): bodies.append(String(buffer: bytes))
            case .end: hasEnded = true
            default: break
            }
            promise?.succeed()
        }

        func read(context: ChannelHandlerContext) { reads += 1 }

        func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
            closings.append(mode)
            if mode == .all { context.close(mode: mode, promise: promise) } else { promise?.succeed() }
        }
    }

    /// A connection in memory, which has to be made and used by one thread.
    private final class Connection {
        let socket = Socket()
        let channel = EmbeddedChannel()
        let news = EventStream.News()

        init() throws {
            try channel.pipeline.syncOperations.addHandlers([socket, EventStreamHandler()])
            try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        }

        /// What Hummingbird does when the handler of a request has failed.
        func leave() throws {
            try channel.close(mode: .output).wait()
            try channel.close().wait()
        }

        func hear(_ tag: String) {
            news.hear(tag)
            channel.embeddedEventLoop.run()
        }
    }

    private let listening: ViewWatch.Listening

    init() async throws {
        let server = try await InProcessServer(id: "origin")
        let watch = ViewWatch(publisher: server.publisher, news: { AsyncStream { $0.finish() } })
        listening = try await watch.tell(EventStream.News(), of: Shorthand.edge)
    }

    private func stream(_ news: EventStream.News, until end: ContinuousClock.Instant) -> EventStream {
        EventStream(news: news, listening: listening, seat: nil, end: end)
    }

    private func begin(until end: ContinuousClock.Instant = .now + .seconds(3600)) throws -> Connection {
        let connection = try Connection()
        try connection.channel.triggerUserOutboundEvent(stream(connection.news, until: end)).wait()
        return connection
    }

    private static func event(_ tag: String) -> String { "event: head\ndata: {\"tag\":\"\(tag)\"}\n\n" }

    @Test func `all passes as long as there is no stream`() throws {
        let connection = try Connection()
        try connection.channel.writeInbound(HTTPServerRequestPart.end(nil))
        #expect(try connection.channel.readInbound(as: HTTPServerRequestPart.self) == .end(nil))
        #expect(connection.socket.reads == 0)
        try connection.channel.close().wait()
        #expect(connection.socket.closings == [.all])
    }

    @Test func `the connection is the stream's until that ends, whatever Hummingbird closes`() throws {
        let connection = try begin()
        let (socket, channel) = (connection.socket, connection.channel)
        connection.hear("a")
        try connection.leave()
        #expect(socket.closings.isEmpty && channel.isActive)
        for tag in ["a", "b", "b"] { connection.hear(tag) }
        #expect(socket.bodies == [Self.event("a"), ":\n\n", Self.event("b"), ":\n\n"])
        connection.news.end()
        channel.embeddedEventLoop.run()
        #expect(socket.hasEnded && socket.closings == [.all] && !channel.isActive)
    }

    @Test func `a stream that ends before Hummingbird closes is closed once, after what was said before`() throws {
        let connection = try begin()
        connection.news.hear("a")
        connection.news.end()
        connection.channel.embeddedEventLoop.run()
        #expect(throws: ChannelError.alreadyClosed) { try connection.leave() }
        #expect(connection.socket.bodies == [Self.event("a")])
        #expect(connection.socket.hasEnded && connection.socket.closings == [.all])
    }

    @Test func `its time is over with the first thing that is said after it`() throws {
        let connection = try begin(until: .now)
        try connection.leave()
        #expect(!connection.socket.hasEnded)
        connection.hear("a")
        #expect(connection.socket.bodies == [Self.event("a")])
        #expect(connection.socket.hasEnded && connection.socket.closings == [.all])
    }

    @Test func `who does not take what is said hears the newest only, once there is room`() throws {
        let connection = try begin()
        try connection.leave()
        connection.channel.isWritable = false
        for tag in ["a", "b", "c"] { connection.hear(tag) }
        #expect(connection.socket.bodies.isEmpty)
        connection.channel.isWritable = true
        connection.channel.pipeline.fireChannelWritabilityChanged()
        #expect(connection.socket.bodies == [Self.event("c")])
    }

    @Test func `the end of the connection is waited for, and requests that come are not`() throws {
        let connection = try begin()
        let (socket, channel) = (connection.socket, connection.channel)
        try connection.leave()
        let before = socket.reads
        #expect(before == 1)
        channel.pipeline.fireChannelReadComplete()
        #expect(socket.reads == before + 1)
        try channel.writeInbound(HTTPServerRequestPart.end(nil))
        #expect(try channel.readInbound(as: HTTPServerRequestPart.self) == nil)
        #expect(socket.reads == before + 1)
    }

    @Test func `a connection that ends lets go of the stream`() throws {
        let connection = try begin()
        try connection.leave()
        connection.hear("a")
        connection.channel.pipeline.fireChannelInactive()
        for tag in ["b", "c"] { connection.hear(tag) }
        #expect(connection.socket.bodies == [Self.event("a")])
        #expect(connection.news.take().isOver)
    }

    @Test func `a connection that does not know of streams breaks the answer off`() async throws {
        let stream = stream(EventStream.News(), until: .now)
        await #expect(throws: ChannelError.self) {
            try await EventStreamHandler.begin(stream, on: NIOAsyncTestingChannel())
        }
    }
}
