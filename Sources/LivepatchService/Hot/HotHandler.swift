import LivepatchKit
import NIOCore
import NIOHTTP1
import NIOSSL

/// Shows a connection's requests to a ``HotAnswers`` before anybody else sees them, and sends its answers.
///
/// It stands right behind the decoder of requests: what it answers goes straight to the connection, past all other handlers, and the
/// ``ConnectionGuard`` is told of it. Answers keep the order of requests: one is looked at only while no other is under way, and while it
/// is answered all that comes after it waits.
final class HotHandler: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    /// What goes on here.
    private enum Course {
        /// Everything passes.
        case passing
        /// The head of a request has come, and not its end.
        case hearing(Heard)
        /// It waits to be answered.
        case asking(Heard)
        case sending(Sending)
    }

    /// What has come of a request.
    private final class Heard {
        enum Form {
            case decoded(HTTPRequestHead)
            /// All of it, before it was decoded.
            case bytes(ByteBuffer, HotShortcut)
        }

        let form: Form
        var request: HotRequest

        init(_ form: Form, _ request: HotRequest) {
            self.form = form
            self.request = request
        }
    }

    /// An answer that the connection does not take at once.
    private final class Sending {
        /// The head, and the body if it is short; `nil` once it is written.
        var beginning: ByteBuffer?
        /// How much of that is the body's.
        let begun: Int
        /// What has not been written of the body yet, and is not in the beginning.
        var rest: ByteBuffer
        let content: CachedContent?
        let place: Place

        init(_ answer: HotAnswer, _ queue: HotQueue) {
            if let body = answer.body, body.readableBytes > HotHandler.shortBody {
                beginning = queue.beginning(answer.head, nil)
                begun = 0
                rest = body
            } else {
                beginning = queue.beginning(answer.head, answer.body)
                begun = answer.body?.readableBytes ?? 0
                rest = ByteBuffer()
            }
            content = answer.content
            place = answer.place
        }
    }

    /// How much has come from the decoder.
    struct Decoded {
        var requests = 0
        var ends = 0
        /// The last of them, if it is one that could be answered here.
        var last: HotRequest?
        /// Whether one of them wants the connection to end behind its answer.
        var endsConnection = false
    }

    /// What came meanwhile.
    private enum Held {
        case part(HTTPServerRequestPart)
        case event(Any)
        case error(any Error)
    }

    /// Up to which length a body is copied behind the head, in bytes.
    private static let shortBody = 16 << 10

    private let answers: HotAnswers
    private let connection: ConnectionGuard
    private var context: ChannelHandlerContext?
    /// The encoder's: what is written there goes to the connection as it is.
    private var wire: ChannelHandlerContext?
    private var credentials: HotCredentials?
    private var course = Course.passing
    /// Requests of others whose answers have not ended.
    private var others = 0
    /// What has come from the decoder.
    private(set) var decoded = Decoded()
    /// Most connections never need it, and many wait: so there is hardly room in it at first.
    private var held = CircularBuffer<Held>(initialCapacity: 1)
    private var holdsRead = false
    /// Nothing is answered here any more.
    private var isStopping = false
    private var isWriting = false

    /// - Parameter connection: stands behind this.
    init(_ answers: HotAnswers, _ connection: ConnectionGuard) {
        self.answers = answers
        self.connection = connection
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        wire = try? context.pipeline.syncOperations.context(handlerType: HTTPResponseEncoder.self)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        course = .passing
        self.context = nil
        wire = nil
    }

    func channelInactive(context: ChannelHandlerContext) {
        course = .passing
        isStopping = true
        held.removeAll()
        context.fireChannelInactive()
    }

    // MARK: What comes in

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let part = unwrapInboundIn(data)
        switch part {
        case .head(let head):
            decoded.requests += 1
            decoded.last = nil
            if !head.isKeepAlive { decoded.endsConnection = true }
        case .body: break
        case .end: decoded.ends += 1
        }
        take(.part(part), context)
    }

    /// Gives back a request that was recognized before it was decoded, if one waits to be answered.
    func givesBack() -> Bool {
        guard let context, case .asking(let heard) = course, case .bytes = heard.form else { return false }
        course = .passing
        pass(heard, context)
        return true
    }

    /// Takes a request that was recognized before it was decoded, and answers it or gives it back.
    /// - Parameter bytes: all of it.
    /// - Returns: `false` if it has to be decoded, after all that came before it.
    func takes(_ request: HotRequest, _ bytes: ByteBuffer, from shortcut: HotShortcut) -> Bool {
        guard case .passing = course, held.isEmpty, others == 0, !isStopping, answers.isOpen, let context,
            connection.admits(wholeRequestFor: request.path)
        else { return false }
        course = .asking(Heard(.bytes(bytes, shortcut), request))
        answers.queue(on: context.eventLoop).add(self, answers)
        return true
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) { take(.event(event), context) }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { take(.error(error), context) }

    func read(context: ChannelHandlerContext) {
        // Whoever sends one request after the other without taking the answers is not listened to meanwhile. A request that waits is
        // answered before anything more is read; to stop listening for that time would cost two calls of the system.
        if case .sending = course { holdsRead = true } else { context.read() }
    }

    private var isBusy: Bool {
        switch course {
        case .passing, .hearing: false
        case .asking, .sending: true
        }
    }

    private func take(_ arrival: Held, _ context: ChannelHandlerContext) {
        if case .event(let event) = arrival, event is ChannelShouldQuiesceEvent { isStopping = true }
        guard !isBusy else { return held.append(arrival) }
        switch (course, arrival) {
        case (.passing, .part(.head(let head))) where others == 0 && !isStopping && !connection.isAdmitted && answers.isOpen:
            guard let request = HotRequest(head) else { return pass(arrival, context) }
            guard connection.admits(.head(head)) else { return }
            decoded.last = request
            course = .hearing(Heard(.decoded(head), request))
        case (.hearing(let heard), .part(.body(let part))) where !isStopping:
            guard connection.admits(.body(part)) else { return course = .passing }
            guard !heard.request.take(part) else { return }
            course = .passing
            pass(heard, context)
        case (.hearing(let heard), .part(.end(nil))) where !isStopping:
            guard connection.admits(.end(nil)) else { return course = .passing }
            course = .asking(heard)
            answers.queue(on: context.eventLoop).add(self, answers)
        case (.hearing(let heard), _):
            course = .passing
            pass(heard, context)
            pass(arrival, context)
        default: pass(arrival, context)
        }
    }

    private func pass(_ arrival: Held, _ context: ChannelHandlerContext) {
        switch arrival {
        case .part(let part):
            if case .head = part { others += 1 }
            context.fireChannelRead(wrapInboundOut(part))
        case .event(let event): context.fireUserInboundEventTriggered(event)
        case .error(let error): context.fireErrorCaught(error)
        }
    }

    /// Lets what has come of a request pass, of which the guard has heard.
    private func pass(_ heard: Heard, toItsEnd: Bool = false, _ context: ChannelHandlerContext) {
        connection.letPass {
            switch heard.form {
            case .decoded(let head):
                pass(.part(.head(head)), context)
                if heard.request.body.readableBytes > 0 { pass(.part(.body(heard.request.body)), context) }
                if toItsEnd { pass(.part(.end(nil)), context) }
            case .bytes(let bytes, let shortcut):
                // It comes back from the decoder, and is not asked about once more.
                shortcut.pass(bytes)
            }
        }
    }

    /// Goes on with what came meanwhile.
    private func resume(_ context: ChannelHandlerContext) {
        var hasPassed = false
        while !isBusy, let next = held.popFirst() {
            take(next, context)
            hasPassed = true
        }
        if hasPassed {
            // It came while the guard took the connection for idle.
            connection.note()
            context.fireChannelReadComplete()
        }
        if !isBusy, holdsRead {
            holdsRead = false
            context.read()
        }
    }

    // MARK: What goes out

    /// Answers the request that waits, or lets it pass.
    /// - Parameter revision: `nil` if it is not known.
    func answer(as revision: CatalogRevision?, _ queue: HotQueue) {
        guard let context, case .asking(let heard) = course else { return }
        let answer = revision.flatMap { revision in
            credentials = HotCredentials(heard.request, known: credentials)
            return answers.answer(heard.request, credentials, as: revision) {
                ((try? context.pipeline.syncOperations.nioSSL_peerCertificate()) ?? nil) != nil
            }
        }
        if let answer {
            if case .bytes = heard.form { answers.noteUndecoded() }
            course = .sending(Sending(answer, queue))
            send(context)
        } else {
            course = .passing
            pass(heard, toItsEnd: true, context)
            context.fireChannelReadComplete()
            resume(context)
        }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        send(context)
        context.fireChannelWritabilityChanged()
    }

    /// Writes as much as the connection takes.
    private func send(_ context: ChannelHandlerContext) {
        // What is written may tell at once that more can be.
        guard !isWriting, let wire else { return }
        isWriting = true
        defer { isWriting = false }
        while case .sending(let sending) = course, context.channel.isWritable, connection.isOpen {
            if let beginning = sending.beginning.take() {
                connection.answerBegins()
                if sending.begun > 0 { connection.answerMoves(by: sending.begun) }
                wire.write(NIOAny(IOData.byteBuffer(beginning)), promise: nil)
            }
            let length = min(sending.rest.readableBytes, OpenedContent.chunkSize)
            var written: EventLoopPromise<Void>?
            if length > 0, let chunk = sending.rest.readSlice(length: length) {
                connection.answerMoves(by: length)
                if sending.rest.readableBytes == 0, let content = sending.content {
                    // It counts as held in memory until it is on its way.
                    written = context.eventLoop.makePromise()
                    written?.futureResult.whenComplete { _ in withExtendedLifetime(content) {} }
                }
                wire.write(NIOAny(IOData.byteBuffer(chunk)), promise: written)
            }
            if sending.rest.readableBytes == 0 {
                course = .passing
                sending.place.leave()
                connection.answerEnds()
            }
            wire.flush()
            if sending.rest.readableBytes == 0 { resume(context) }
        }
    }

    /// When all that was written here is on its way; `nil` if it is.
    func lastWrite() -> EventLoopFuture<Void>? {
        guard let wire, let waiting = try? wire.channel.syncOptions?.getOption(.bufferedWritableBytes), waiting > 0 else {
            return nil
        }
        let written = wire.eventLoop.makePromise(of: Void.self)
        wire.writeAndFlush(NIOAny(IOData.byteBuffer(ByteBuffer())), promise: written)
        return written.futureResult
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        if case .end = unwrapOutboundIn(data) { others = max(0, others - 1) }
        context.write(data, promise: promise)
    }
}
