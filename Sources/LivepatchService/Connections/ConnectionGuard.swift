import LivepatchAPI
import LivepatchKit
import Logging
import NIOCore
import NIOHTTP1
import Synchronization

/// Ends what a connection's client does too slowly or in excess (``ConnectionLimits``). It stands behind the decoder of requests, and has
/// a ``ByteCounter`` before that. A ``HotHandler`` may stand between the two, and tells it of what it answers.
final class ConnectionGuard: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    /// A request waits for something to happen, or no longer: that is neither the client's fault nor the server's.
    enum Aside: Sendable { case begins, ends }

    /// Whether a connection goes on.
    private enum Course {
        case open
        /// It is told what is wrong, or has been, and only listened to until it closes.
        case ending
        case closed
    }

    private let limits: ConnectionLimits
    private let places: ConnectionPlaces
    private let logger: Logger
    private var place: ConnectionPlaces.Place?
    private var watch: ConnectionWatch
    private var course = Course.open
    private var context: ChannelHandlerContext?
    private var timer: (scheduled: Scheduled<Void>, at: NIODeadline)?
    /// Bytes of answers' bodies that were handed to the connection.
    private var written = 0
    /// What the system said last had reached the client.
    private var acknowledged: UInt64?
    /// The line of the request that is coming, as far as it has come.
    private var requestLine = (bytes: 0, hasEnded: false)
    /// What is still to come of the request's body, as far as it was announced.
    private var announced = 0
    private var closesAfterAnswer = false
    /// Whether what comes has been shown to ``admits(_:)`` already.
    private(set) var isAdmitted = false

    init(_ limits: ConnectionLimits, places: ConnectionPlaces, logger: Logger) {
        self.limits = limits
        self.places = places
        self.logger = logger
        watch = ConnectionWatch(limits, at: .now())
    }

    // MARK: Beginning and end

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        place = places.open(context.channel)
        if place == nil {
            logger.debug("A connection was refused: there are too many.")
            course = .closed
            context.close(promise: nil)
        } else {
            schedule(context)
        }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        stop()
        self.context = nil
    }

    func channelActive(context: ChannelHandlerContext) {
        if case .closed = course { context.close(promise: nil) }
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        course = .closed
        stop()
        context.fireChannelInactive()
    }

    private func stop() {
        timer?.scheduled.cancel()
        timer = nil
    }

    // MARK: What comes in

    /// Bytes have come, before they are looked at.
    func received(_ bytes: ByteBuffer) {
        watch.received(bytes.readableBytes, at: .now())
        guard !requestLine.hasEnded else { return }
        let end = bytes.readableBytesView.firstIndex(of: UInt8(ascii: "\n"))
        requestLine.hasEnded = end != nil
        requestLine.bytes += (end ?? bytes.writerIndex) - bytes.readerIndex
    }

    /// All that had come has been looked at.
    func paused() {
        watch.paused(at: .now())
        note()
    }

    /// The server wants more.
    func reads() {
        watch.reads(at: .now())
        note()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard isAdmitted ? isOpen : admits(unwrapInboundIn(data)) else { return }
        context.fireChannelRead(data)
    }

    /// Whether the connection goes on.
    var isOpen: Bool {
        if case .open = course { true } else { false }
    }

    /// Lets something pass here that has been shown to ``admits(_:)`` already.
    func letPass(_ body: () -> Void) {
        isAdmitted = true
        body()
        isAdmitted = false
    }

    /// Whether a part of a request is let in. What is not has been answered here, or the connection is over.
    func admits(_ part: HTTPServerRequestPart) -> Bool {
        guard isOpen, let context else { return false }
        switch part {
        case .head(let head):
            headerEnded(
                announcing: head.headers.first(name: "content-length").flatMap { Int($0) } ?? 0,
                expects: ExpectedContinue.waits(head))
            guard head.uri.utf8.count <= limits.targetBytes else {
                refuse(
                    LivepatchError(
                        .targetTooLong, "The request's path and query are longer than \(limits.targetBytes) bytes.",
                        suggestion: "Shorten it, or raise server.max-url-length."), context)
                return false
            }
        case .body(let bytes):
            announced -= bytes.readableBytes
            watch.bodyMoves(at: .now())
            if watch.isDiscardingTooMuch(at: .now()) {
                end(.unwantedBody, context)
                return false
            }
        case .end: requestEnded()
        }
        return true
    }

    /// Whether a request is let in that came whole, has no body, and expects nothing, and whose bytes this was told of. What is not has to
    /// come in parts.
    func admits(wholeRequestFor target: String) -> Bool {
        guard isOpen, target.utf8.count <= limits.targetBytes else { return false }
        headerEnded(announcing: 0, expects: false)
        requestEnded()
        return true
    }

    private func headerEnded(announcing length: Int, expects: Bool) {
        requestLine = (0, false)
        announced = length
        watch.headerEnded(expects: expects, at: .now())
    }

    private func requestEnded() {
        announced = 0
        watch.requestEnded(at: .now())
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard case HTTPParserError.headerOverflow? = error as? HTTPParserError, case .open = course, watch.unanswered == 0 else {
            if case .open = course { context.fireErrorCaught(error) }
            return
        }
        refuse(
            requestLine.bytes <= limits.targetBytes
                ? LivepatchError(
                    .headerTooLarge,
                    "The request's header has more than \(limits.headerCount) fields or \(limits.headerBytes) bytes.",
                    suggestion: "Send less, or raise server.max-header-count and server.max-header-size.")
                : LivepatchError(
                    .targetTooLong, "The request's path and query are longer than \(limits.targetBytes) bytes.",
                    suggestion: "Shorten it, or raise server.max-url-length."), context)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        // Whoever is only listened to has nothing more to say.
        if case .ending = course, event as? ChannelEvent == .inputClosed { return close(context) }
        context.fireUserInboundEventTriggered(event)
    }

    // MARK: What goes out

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard case .open = course else {
            promise?.fail(ChannelError.ioOnClosedChannel)
            return
        }
        switch unwrapOutboundIn(data) {
        case .head(let head) where head.status.code < 200:
            watch.bodyMoves(at: .now())
            context.write(data, promise: promise)
        case .head(var head):
            answerBegins()
            if announced > limits.discardBytes, !closesAfterAnswer {
                // More is coming than will be taken: so that the client knows before it happens.
                closesAfterAnswer = true
                head.headers.replaceOrAdd(name: "connection", value: "close")
                context.write(wrapOutboundOut(.head(head)), promise: promise)
            } else {
                context.write(data, promise: promise)
            }
        case .body(let bytes):
            answerMoves(by: bytes.readableBytes)
            context.write(data, promise: promise)
        case .end:
            context.write(data, promise: promise)
            answerEnds()
        }
    }

    /// An answer is about to be handed to the connection.
    func answerBegins() {
        acknowledged = nil
        watch.answerBegins(at: .now(), taken: written)
    }

    /// Some bytes of its body are.
    func answerMoves(by bytes: Int) { written += bytes }

    /// All of it is.
    func answerEnds() {
        watch.answerEnded(at: .now())
        note()
    }

    func triggerUserOutboundEvent(context: ChannelHandlerContext, event: Any, promise: EventLoopPromise<Void>?) {
        guard let aside = event as? Aside else { return context.triggerUserOutboundEvent(event, promise: promise) }
        watch.setAside(aside == .begins, at: .now())
        note()
        promise?.succeed()
    }

    // MARK: Time

    /// Takes note of how it is now: whether the connection may be ended for another, and when to look next.
    func note() {
        guard let context else { return }
        let isIdle = watch.isIdle
        if let place, place.isIdle.load(ordering: .relaxed) != isIdle { place.isIdle.store(isIdle, ordering: .relaxed) }
        schedule(context)
    }

    private func schedule(_ context: ChannelHandlerContext) {
        guard case .open = course else { return }
        let deadline = watch.deadline
        // An early look does no harm, and costs less than a new timer for each request.
        guard timer.map({ deadline < $0.at }) ?? true else { return }
        stop()
        let scheduled = context.eventLoop.assumeIsolated().scheduleTask(deadline: deadline) {
            self.timer = nil
            self.look(context)
        }
        timer = (scheduled, deadline)
    }

    private func look(_ context: ChannelHandlerContext) {
        guard case .open = course else { return }
        let pending = pendingBytes(context)
        let verdict = watch.verdict(at: .now(), pending: pending, taken: max(0, written - pending))
        if verdict == .slowReader {
            askSystem(context)
        } else if let verdict {
            return end(verdict, context)
        }
        schedule(context)
    }

    /// Much that has left this process may lie in the system, and much that is reported late may have arrived: so the system is asked how
    /// much has reached the client, and the client is too slow if that is not enough from one time to the next.
    private func askSystem(_ context: ChannelHandlerContext) {
        let before = acknowledged
        SentBytes.acknowledged(on: context.channel).assumeIsolated().whenComplete { result in
            guard case .success(let count?) = result else { return self.end(.slowReader, context) }
            self.acknowledged = count
            if let before, count < before + UInt64(self.watch.demand) { self.end(.slowReader, context) }
        }
    }

    private func pendingBytes(_ context: ChannelHandlerContext) -> Int {
        (try? context.channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0
    }

    // MARK: The end

    private func end(_ verdict: ConnectionWatch.Verdict, _ context: ChannelHandlerContext) {
        guard case .open = course else { return }
        logger.debug("A connection was ended.", metadata: ["reason": "\(verdict.rawValue)"])
        if verdict != .idle { places.noteEnd(verdict.rawValue) }
        switch verdict {
        case .idle, .slowReader, .unwantedBody: close(context)
        case .slowHeader where watch.isSilent: close(context)
        case .slowHeader:
            refuse(LivepatchError(.requestTimeout, "The request's header did not come to its end in time."), context)
        case .slowBody where watch.unanswered == 1:
            refuse(LivepatchError(.requestTimeout, "The request's body came too slowly."), context)
        case .slowBody: close(context)
        case .noAnswer:
            refuse(
                LivepatchError(
                    .unavailable, "The server did not answer in time.",
                    suggestion: "Look whether what was asked has been done before you ask for it again."), context)
        }
    }

    /// Answers in the place of whoever would have, closes that direction, and listens for a while to what is still coming: a connection
    /// that is closed with something unread in it loses the answer.
    private func refuse(_ error: LivepatchError, _ context: ChannelHandlerContext) {
        guard !watch.isAnswering else { return close(context) }
        course = .ending
        stop()
        let problem = Problem(error)
        let body = (try? DocumentCoding.encode(problem)) ?? []
        var headers: HTTPHeaders = [
            "content-type": Problem.mediaType, "content-length": "\(body.count)", "cache-control": "no-store",
            "connection": "close", HeaderNames.serverVersion: Release.version,
        ]
        if problem.status == 503 { headers.add(name: "retry-after", value: "5") }
        let head = HTTPResponseHead(version: .http1_1, status: HTTPResponseStatus(statusCode: problem.status), headers: headers)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: body)))), promise: nil)
        let written = context.eventLoop.makePromise(of: Void.self)
        written.futureResult.assumeIsolated().whenComplete { _ in context.close(mode: .output, promise: nil) }
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: written)
        let patience = min(limits.discardTime, .seconds(2))
        let linger = context.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(patience)) { self.close(context) }
        timer = (linger, .now())
    }

    private func close(_ context: ChannelHandlerContext) {
        course = .closed
        stop()
        context.close(promise: nil)
    }
}

/// Tells a ``ConnectionGuard`` of the bytes that come, before anybody makes requests of them.
final class ByteCounter: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = Any

    private let connection: ConnectionGuard

    init(_ connection: ConnectionGuard) { self.connection = connection }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        connection.received(unwrapInboundIn(data))
        context.fireChannelRead(data)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        connection.paused()
        context.fireChannelReadComplete()
    }

    func read(context: ChannelHandlerContext) {
        connection.reads()
        context.read()
    }
}
