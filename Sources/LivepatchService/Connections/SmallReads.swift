import NIOCore

/// Has a connection begin with little room for what it reads. It keeps that room for as long as it lasts; whoever sends more gets more.
final class SmallReads: ChannelInboundHandler, RemovableChannelHandler, Sendable {
    typealias InboundIn = Any

    /// In bytes: most requests without a body are shorter.
    private static let least = 512

    func handlerAdded(context: ChannelHandlerContext) {
        do {
            try context.channel.syncOptions?.setOption(
                .recvAllocator,
                value: AdaptiveRecvByteBufferAllocator(minimum: Self.least, initial: Self.least, maximum: 64 << 10))
        } catch {
            context.fireErrorCaught(error)
        }
        context.pipeline.syncOperations.removeHandler(context: context, promise: nil)
    }
}
