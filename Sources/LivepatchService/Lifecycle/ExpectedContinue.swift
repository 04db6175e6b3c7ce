import NIOCore
import NIOHTTP1

/// Answers `Expect: 100-continue` (RFC 9110, section 10.1.1): with 100 when somebody begins to read the body, and otherwise only with
/// the final answer, after which the connection ends, since a body that nobody wants may or may not come.
///
/// It stands right behind the decoder, where the version of a request is still known.
final class ExpectedContinue: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    /// The body of the request that is being answered is about to be read.
    struct Reading: Sendable {}

    /// What the client of a request waits for.
    private enum Expectation {
        case nothing
        /// To be told to send the body.
        case toContinue
        /// The final answer, which was begun without reading the body.
        case end
    }

    /// Of the requests that have not been answered to the end, in order.
    private var expectations = CircularBuffer<Expectation>(initialCapacity: 2)

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): expectations.append(Self.waits(head) ? .toContinue : .nothing)
        case .body:
            // Who sends the body already waits no longer.
            if let last = expectations.indices.last, expectations[last] == .toContinue { expectations[last] = .nothing }
        case .end: break
        }
        context.fireChannelRead(data)
    }

    /// Whether the client of a request waits to be told to send its body.
    static func waits(_ head: HTTPRequestHead) -> Bool {
        guard head.version.major == 1, head.version.minor >= 1,
            head.headers["expect"].contains(where: { $0.lowercased() == "100-continue" })
        else {
            return false
        }
        return head.headers.contains(name: "transfer-encoding")
            || head.headers.first(name: "content-length").map { $0 != "0" } == true
    }

    func triggerUserOutboundEvent(context: ChannelHandlerContext, event: Any, promise: EventLoopPromise<Void>?) {
        guard event is Reading else { return context.triggerUserOutboundEvent(event, promise: promise) }
        if expectations.first == .toContinue {
            expectations[expectations.startIndex] = .nothing
            let head = HTTPResponseHead(version: .http1_1, status: .continue)
            context.writeAndFlush(wrapOutboundOut(.head(head)), promise: promise)
        } else {
            promise?.succeed()
        }
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .head(var head) where expectations.first == .toContinue:
            expectations[expectations.startIndex] = .end
            head.headers.replaceOrAdd(name: "connection", value: "close")
            context.write(wrapOutboundOut(.head(head)), promise: promise)
        case .end:
            guard expectations.popFirst() == .end else { return context.write(data, promise: promise) }
            let written = promise ?? context.eventLoop.makePromise()
            // Only this direction: what the client may still send is taken in, so that it gets to read the answer.
            written.futureResult.assumeIsolated().whenComplete { _ in context.close(mode: .output, promise: nil) }
            context.write(data, promise: written)
        default: context.write(data, promise: promise)
        }
    }
}
