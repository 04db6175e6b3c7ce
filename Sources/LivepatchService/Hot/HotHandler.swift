import LivepatchKit
import NIOCore
import NIOHTTP1
import NIOSSL

/// Shows a connection's requests to a ``HotAnswers`` before anybody else sees them, and sends its answers.
///
/// It stands before Hummingbird's translation of requests, behind all that guards the connection. Answers keep the order of requests: one
/// is looked at only while no other is under way, and while it is answered all that comes after it waits.
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
        case hearing(HotRequest, HTTPRequestHead)
        /// It waits to be answered.
        case asking(HotRequest, HTTPRequestHead)
        case sending(Sending)
    }

    private struct Sending {
        let answer: HotAnswer
        var hasBegun = false
        /// What has not been written of the body yet.
        var rest: ByteBuffer
    }

    /// What came meanwhile.
    private enum Held {
        case part(HTTPServerRequestPart)
        case event(Any)
        case error(any Error)
    }

    private let answers: HotAnswers
    private var context: ChannelHandlerContext?
    private var course = Course.passing
    /// Requests of others whose answers have not ended.
    private var others = 0
    /// Most connections never need it, and many wait: so there is hardly room in it at first.
    private var held = CircularBuffer<Held>(initialCapacity: 1)
    private var holdsRead = false
    /// Nothing is answered here any more.
    private var isStopping = false
    private var isWriting = false

    init(_ answers: HotAnswers) { self.answers = answers }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) {
        course = .passing
        self.context = nil
    }

    func channelInactive(context: ChannelHandlerContext) {
        course = .passing
        isStopping = true
        held.removeAll()
        context.fireChannelInactive()
    }

    // MARK: What comes in

    func channelRead(context: ChannelHandlerContext, data: NIOAny) { take(.part(unwrapInboundIn(data)), context) }

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
        case (.passing, .part(.head(let head))) where others == 0 && !isStopping && answers.isOpen:
            guard let request = HotRequest(head) else { return pass(arrival, context) }
            course = .hearing(request, head)
        case (.hearing(var request, let head), .part(.body(let part))) where !isStopping:
            course = .passing
            if request.take(part) { course = .hearing(request, head) } else { pass(request, head, context) }
        case (.hearing(let request, let head), .part(.end(nil))) where !isStopping:
            course = .asking(request, head)
            answers.queue(on: context.eventLoop).add(self, answers)
        case (.hearing(let request, let head), _):
            course = .passing
            pass(request, head, context)
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

    /// Lets what has come of a request pass.
    private func pass(_ request: HotRequest, _ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        pass(.part(.head(head)), context)
        if request.body.readableBytes > 0 { pass(.part(.body(request.body)), context) }
    }

    /// Goes on with what came meanwhile.
    private func resume(_ context: ChannelHandlerContext) {
        var hasPassed = false
        while !isBusy, let next = held.popFirst() {
            take(next, context)
            hasPassed = true
        }
        if hasPassed { context.fireChannelReadComplete() }
        if !isBusy, holdsRead {
            holdsRead = false
            context.read()
        }
    }

    // MARK: What goes out

    /// Answers the request that waits, or lets it pass.
    /// - Parameter revision: `nil` if it is not known.
    func answer(as revision: CatalogRevision?, date: String) {
        guard let context, case .asking(let request, let head) = course else { return }
        let answer = revision.flatMap { revision in
            answers.answer(request, as: revision, date: date) {
                ((try? context.pipeline.syncOperations.nioSSL_peerCertificate()) ?? nil) != nil
            }
        }
        if let answer {
            course = .sending(Sending(answer: answer, rest: answer.body ?? ByteBuffer()))
            send(context)
        } else {
            course = .passing
            pass(request, head, context)
            pass(.part(.end(nil)), context)
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
        guard !isWriting else { return }
        isWriting = true
        defer { isWriting = false }
        while case .sending(var sending) = course, context.channel.isWritable {
            if !sending.hasBegun {
                sending.hasBegun = true
                context.write(wrapOutboundOut(.head(sending.answer.head)), promise: nil)
            }
            let length = min(sending.rest.readableBytes, OpenedContent.chunkSize)
            if length > 0, let chunk = sending.rest.readSlice(length: length) {
                context.write(wrapOutboundOut(.body(.byteBuffer(chunk))), promise: nil)
            }
            guard sending.rest.readableBytes == 0 else {
                course = .sending(sending)
                context.flush()
                continue
            }
            course = .passing
            sending.answer.place.leave()
            var written: EventLoopPromise<Void>?
            if let content = sending.answer.content {
                // It counts as held in memory until it is on its way.
                written = context.eventLoop.makePromise()
                written?.futureResult.whenComplete { _ in withExtendedLifetime(content) {} }
            }
            context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: written)
            resume(context)
        }
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        if case .end = unwrapOutboundIn(data) { others = max(0, others - 1) }
        context.write(data, promise: promise)
    }
}
