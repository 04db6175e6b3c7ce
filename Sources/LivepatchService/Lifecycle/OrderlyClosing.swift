import NIOCore

/// Holds the closing of a connection back until what was written before it is on its way.
///
/// Hummingbird closes a connection right after it has written the end of the last answer before a shutdown, and the socket then drops
/// what the client has not made room for yet: the end of a download would be missing.
final class OrderlyClosing: ChannelOutboundHandler, RemovableChannelHandler {
    typealias OutboundIn = Any

    /// Closes at once, whatever is still to be written.
    struct Cut: Sendable {}

    private var writesUnderWay = 0
    private var closing: (isHeldBack: Bool, promise: EventLoopPromise<Void>?) = (false, nil)

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        let written = promise ?? context.eventLoop.makePromise()
        writesUnderWay += 1
        written.futureResult.assumeIsolated().whenComplete { _ in
            self.writesUnderWay -= 1
            guard self.writesUnderWay == 0, self.closing.isHeldBack else { return }
            self.closing.isHeldBack = false
            context.close(promise: self.closing.promise)
        }
        context.write(data, promise: written)
    }

    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        guard mode == .all, writesUnderWay > 0 else { return context.close(mode: mode, promise: promise) }
        if closing.isHeldBack {
            closing.promise?.futureResult.cascade(to: promise)
            if closing.promise == nil { closing.promise = promise }
        } else {
            closing = (true, promise)
        }
    }

    func triggerUserOutboundEvent(context: ChannelHandlerContext, event: Any, promise: EventLoopPromise<Void>?) {
        guard event is Cut else { return context.triggerUserOutboundEvent(event, promise: promise) }
        context.close(promise: promise)
    }
}
