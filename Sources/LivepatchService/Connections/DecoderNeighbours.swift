import NIOCore
import NIOHTTP1

/// Puts handlers into a connection's pipeline around the decoder of requests: what Hummingbird is given is put behind its own translation
/// of requests, and these have to stand before that.
final class DecoderNeighbours: ChannelInboundHandler, RemovableChannelHandler, Sendable {
    typealias InboundIn = Any
    typealias Install =
        @Sendable (
            _ pipeline: ChannelPipeline.SynchronousOperations, _ decoder: any ChannelHandler
        ) throws -> Void

    private let install: Install

    init(_ install: @escaping Install) { self.install = install }

    func handlerAdded(context: ChannelHandlerContext) {
        let pipeline = context.pipeline.syncOperations
        do {
            try install(pipeline, pipeline.context(handlerType: ByteToMessageHandler<HTTPRequestDecoder>.self).handler)
        } catch {
            context.fireErrorCaught(error)
        }
        pipeline.removeHandler(context: context, promise: nil)
    }
}
