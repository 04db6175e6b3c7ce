import LivepatchAPI
import LivepatchKit
import NIOCore
import NIOHTTP1

/// Goes on with an answer that announces changes when the handler that has begun it is done, and keeps the connection for it.
///
/// Who waits is one of thousands, and a task for each would cost several times what its connection does. So the handler of the request
/// decides, as for every request, answers with the head, hands an ``EventStream`` to this one (``begin(_:on:)``), and breaks off. Hummingbird
/// then closes the connection and ends its task for it; that closing ends here, and the connection belongs to the stream. It is closed with
/// the stream's end, which the answer's head has to say (RFC 9112, section 9.6).
///
/// It stands right before Hummingbird's translation of requests: all that guards a connection goes on to do so.
final class EventStreamHandler: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    /// The handler of a request has nothing more to do with its connection.
    struct HandedOver: Error {}

    private enum Course {
        /// Everything passes.
        case passing
        case streaming(EventStream, told: String?)
        /// The stream has ended, and with it the connection.
        case over
    }

    private var course = Course.passing
    private var context: ChannelHandlerContext?
    /// Whether Hummingbird has closed the connection, as far as it knows.
    private var isLeft = false
    /// Whether more requests have come, which nobody answers.
    private var hasMore = false

    private var isPassing: Bool {
        if case .passing = course { true } else { false }
    }

    /// Goes on with an answer, whose head has been written, in the place of the handler that calls this.
    /// - Throws: always: ``HandedOver``, or why the connection cannot take it.
    static func begin(_ stream: EventStream, on channel: any Channel) async throws {
        try await channel.triggerUserOutboundEvent(stream).get()
        throw HandedOver()
    }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) {
        stop()
        self.context = nil
    }

    func channelInactive(context: ChannelHandlerContext) {
        stop()
        context.fireChannelInactive()
    }

    /// Lets go of the stream.
    private func stop() {
        if case .streaming(let stream, _) = course { stream.news.abandon() }
        course = .over
    }

    // MARK: What Hummingbird does

    func triggerUserOutboundEvent(context: ChannelHandlerContext, event: Any, promise: EventLoopPromise<Void>?) {
        guard let stream = event as? EventStream, isPassing else {
            return context.triggerUserOutboundEvent(event, promise: promise)
        }
        course = .streaming(stream, told: nil)
        let (handler, eventLoop) = (NIOLoopBound(self, eventLoop: context.eventLoop), context.eventLoop)
        stream.news.onArrival { eventLoop.execute { handler.value.announce() } }
        promise?.succeed()
    }

    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        guard !isPassing, !isLeft, mode != .input else { return context.close(mode: mode, promise: promise) }
        isLeft = mode == .all
        promise?.succeed()
        // Nobody behind this asks for more from now on, and the end of the connection has to be noticed.
        if isLeft, !hasMore { context.read() }
    }

    // MARK: What comes in

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if isPassing { context.fireChannelRead(data) } else { hasMore = true }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        context.fireChannelReadComplete()
        // Whoever sends requests here is not listened to.
        if isLeft, !hasMore { context.read() }
    }

    // MARK: What goes out

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        announce()
        context.fireChannelWritabilityChanged()
    }

    /// Writes what is new, if the connection takes it.
    private func announce() {
        guard case .streaming(let stream, let told) = course, let context, context.channel.isWritable else { return }
        let (tag, isOver) = stream.news.take()
        if let tag {
            course = .streaming(stream, told: tag)
            context.write(wrapOutboundOut(.body(.byteBuffer(Self.bytes(tag == told ? nil : tag)))), promise: nil)
        }
        if isOver || ContinuousClock.now >= stream.end {
            stop()
            context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
            context.close(promise: nil)
        } else if tag != nil {
            context.flush()
        }
    }

    /// An event for a tag; without one a comment, which keeps the connection alive.
    private static func bytes(_ tag: String?) -> ByteBuffer {
        guard let tag, let body = try? DocumentCoding.encode(HeadEventBody(tag: tag)) else { return ByteBuffer(string: ":\n\n") }
        var buffer = ByteBuffer(string: "event: \(HeadEvents.name)\ndata: ")
        buffer.writeBytes(body)
        buffer.writeString("\n\n")
        return buffer
    }
}
