import HummingbirdCore
import Logging
import NIOCore
import NIOSSL
import NIOTLS

/// A connection whose bytes are encrypted, each with what is in force when it is made: so a new certificate is for new connections, and
/// those that are open never notice.
struct EncryptedChannel<Base: ServerChildChannel>: ServerChildChannel {
    typealias Value = Base.Value

    private let base: Base
    private let tls: ServerTLS
    private let handshakeTimeout: TimeAmount

    init(_ base: Base, tls: ServerTLS, handshakeTimeout: TimeAmount) {
        self.base = base
        self.tls = tls
        self.handshakeTimeout = handshakeTimeout
    }

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        channel.eventLoop.makeCompletedFuture {
            try channel.pipeline.syncOperations.addHandlers([
                NIOSSLServerHandler(context: tls.context), HandshakeWatch(timeout: handshakeTimeout, logger: logger),
            ])
        }.flatMap { base.setup(channel: channel, logger: logger) }
    }

    func handle(value: Value, logger: Logger) async { await base.handle(value: value, logger: logger) }
}

/// Ends a connection whose TLS does not get started, and says why in the log.
final class HandshakeWatch: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = Any

    private let timeout: TimeAmount
    private let logger: Logger
    private var expiry: Scheduled<Void>?

    init(timeout: TimeAmount, logger: Logger) {
        self.timeout = timeout
        self.logger = logger
    }

    func handlerAdded(context: ChannelHandlerContext) {
        expiry = context.eventLoop.assumeIsolated().scheduleTask(in: timeout) {
            self.say("it took too long", .debug, context)
            context.close(promise: nil)
        }
    }

    func handlerRemoved(context: ChannelHandlerContext) { expiry?.cancel() }

    func channelInactive(context: ChannelHandlerContext) {
        expiry?.cancel()
        context.fireChannelInactive()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .handshakeCompleted? = event as? TLSUserEvent {
            expiry?.cancel()
            expiry = nil
        }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if expiry != nil {
            // Strangers who look for open ports are no news; whoever shows a certificate is one who should get in.
            let isRefusedCertificate = "\(error)".contains("CERTIFICATE_VERIFY_FAILED")
            say(
                isRefusedCertificate ? "the client's certificate is not a valid one of an accepted authority" : "\(error)",
                isRefusedCertificate ? .warning : .debug, context)
        }
        context.fireErrorCaught(error)
    }

    private func say(_ reason: String, _ level: Logger.Level, _ context: ChannelHandlerContext) {
        logger.log(
            level: level, "A TLS connection was not made: \(reason).",
            metadata: ["remote": "\(context.remoteAddress?.description ?? "unknown")"])
        expiry?.cancel()
        expiry = nil
    }
}
