import NIOCore
import NIOEmbedded
import Testing

@testable import LivepatchService

@Suite("The closing of a connection", .timeLimit(.minutes(1))) struct OrderlyClosingTests {
    /// What is below: it takes writes, and is done with them when the test says so.
    private final class SlowSocket: ChannelOutboundHandler {
        typealias OutboundIn = Any

        private var writes: [EventLoopPromise<Void>?] = []
        private(set) var closings: [CloseMode] = []
        private(set) var events = 0

        func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) { writes.append(promise) }

        func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
            closings.append(mode)
            if mode == .all { context.close(mode: mode, promise: promise) } else { promise?.succeed() }
        }

        func triggerUserOutboundEvent(context: ChannelHandlerContext, event: Any, promise: EventLoopPromise<Void>?) {
            events += 1
            promise?.succeed()
        }

        /// The oldest write is on its way, or has failed.
        func settle(_ result: Result<Void, any Error> = .success(())) { writes.removeFirst()?.completeWith(result) }
    }

    private let socket = SlowSocket()
    private let channel = EmbeddedChannel()

    init() throws {
        try channel.pipeline.syncOperations.addHandlers([socket, OrderlyClosing()])
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
    }

    private func write() -> EventLoopFuture<Void> { channel.write(ByteBuffer(string: "answer")) }

    @Test func `goes through at once when nothing is under way`() throws {
        try channel.close().wait()
        #expect(socket.closings == [.all])
        #expect(!channel.isActive)
    }

    @Test func `waits for all that was written before it, and no longer`() throws {
        let first = write()
        channel.write(ByteBuffer(string: "without a promise"), promise: nil)
        let closed = channel.close()
        #expect(socket.closings.isEmpty)
        socket.settle()
        try first.wait()
        #expect(socket.closings.isEmpty)
        socket.settle()
        try closed.wait()
        #expect(socket.closings == [.all])
        #expect(!channel.isActive)
    }

    @Test func `is not held up by a write that fails`() throws {
        let write = write()
        let closed = channel.close()
        socket.settle(.failure(ChannelError.eof))
        #expect(throws: ChannelError.self) { try write.wait() }
        try closed.wait()
        #expect(socket.closings == [.all])
    }

    @Test func `happens once, and is told to all who asked for it`() throws {
        _ = write()
        channel.close(promise: nil)
        let second = channel.close()
        let third = channel.close()
        #expect(socket.closings.isEmpty)
        socket.settle()
        try second.wait()
        try third.wait()
        #expect(socket.closings == [.all])
    }

    @Test func `is not put off for an answer that was on its way before another was asked for`() throws {
        _ = write()
        socket.settle()
        _ = write()
        socket.settle()
        try channel.close().wait()
        #expect(socket.closings == [.all])
    }

    @Test func `in one direction is passed on, and the other waits`() throws {
        _ = write()
        try channel.close(mode: .input).wait()
        #expect(socket.closings == [.input])
        let closed = channel.close()
        #expect(socket.closings == [.input])
        socket.settle()
        try closed.wait()
        #expect(socket.closings == [.input, .all])
    }

    @Test func `is a cut when it has to be, whatever is still to be written`() throws {
        _ = write()
        let held = channel.close()
        try channel.triggerUserOutboundEvent(OrderlyClosing.Cut()).wait()
        #expect(socket.closings == [.all])
        #expect(!channel.isActive)
        // What the socket drops then fails; the closing that was held back ends too, one way or the other.
        socket.settle(.failure(ChannelError.ioOnClosedChannel))
        _ = try? held.wait()
    }

    @Test func `has nothing to do with other events`() throws {
        try channel.triggerUserOutboundEvent("something else").wait()
        #expect(socket.events == 1)
        #expect(socket.closings.isEmpty)
        #expect(channel.isActive)
    }
}
