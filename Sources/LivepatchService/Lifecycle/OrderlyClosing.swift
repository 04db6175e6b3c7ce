import NIOCore

/// Holds the closing of a connection back until what was written before it is on its way.
///
/// Hummingbird closes a connection right after it has written the end of the last answer before a shutdown, and the socket then drops
/// what the client has not made room for yet: the end of a download would be missing.
final class OrderlyClosing: ChannelOutboundHandler, RemovableChannelHandler {
    typealias OutboundIn = Any

    /// Closes at once, whatever is still to be written.
    struct Cut: Sendable {}

    private let first: HotHandler?
    private var writesUnderWay = 0
    private var closing: (isHeldBack: Bool, promise: EventLoopPromise<Void>?) = (false, nil)

    /// - Parameter first: what writes past this one.
    init(behind first: HotHandler? = nil) { self.first = first }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        let written = promise ?? context.eventLoop.makePromise()
        wait(for: written.futureResult, context)
        context.write(data, promise: written)
    }

    private func wait(for write: EventLoopFuture<Void>, _ context: ChannelHandlerContext) {
        writesUnderWay += 1
        write.assumeIsolated().whenComplete { _ in
            self.writesUnderWay -= 1
            guard self.writesUnderWay == 0, self.closing.isHeldBack else { return }
            self.closing.isHeldBack = false
            context.close(promise: self.closing.promise)
        }
    }

    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        if mode == .all, !closing.isHeldBack, let last = first?.lastWrite() { wait(for: last, context) }
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
