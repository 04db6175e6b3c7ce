import HTTPTypes
import NIOCore

/// Recognizes requests before they are decoded: those that differ in nothing but their target from one that the decoder has read on the
/// same connection.
///
/// Clients send the same fields again and again. So nothing is taken apart here: what stands around the target has to be the very bytes
/// that the decoder has made a ``HotRequest`` of. All else is the decoder's, and so is everything on a connection from where it is not
/// plain that a request has ended with the last byte that came.
final class HotShortcut: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    /// A request that the decoder has read.
    private struct Familiar {
        let request: HotRequest
        /// What followed its target.
        let rest: ByteBuffer
    }

    private static let method = ByteBuffer(string: "GET ")
    private static let end = Array("\r\n\r\n".utf8)
    /// The longest request that is remembered, in bytes.
    private static let longest = 2048

    private let hot: HotHandler
    private var context: ChannelHandlerContext?
    private var familiar: Familiar?
    /// Whether all that came belongs to requests that have ended.
    private var isBetween = true
    /// Whether the decoder has been given something since all that had come was looked at.
    private var hasPassed = false

    /// - Parameter hot: stands behind the decoder.
    init(_ hot: HotHandler) { self.hot = hot }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let bytes = unwrapInboundIn(data)
        giveUp()
        if isBetween, let request = recognize(bytes), hot.takes(request, bytes, from: self) { return }
        hasPassed = true
        guard isBetween else { return context.fireChannelRead(data) }
        let before = hot.decoded
        context.fireChannelRead(data)
        let decoded = hot.decoded
        isBetween =
            decoded.requests == before.requests + 1 && decoded.ends == before.ends + 1 && !decoded.endsConnection
            && Self.isOne(bytes)
        if isBetween { learn(bytes) } else { familiar = nil }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        giveUp()
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        giveUp()
        context.fireErrorCaught(error)
    }

    /// Something comes behind a request that was recognized here and is not answered yet, so that the decoder may have to see both: then it
    /// sees them in their order.
    private func giveUp() {
        if hot.givesBack() { hasPassed = true }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        // Where nobody else has seen anything, nobody else has to be asked whether there should be more.
        guard hasPassed else { return context.read() }
        hasPassed = false
        context.fireChannelReadComplete()
    }

    /// Has the decoder read a request that was recognized here.
    func pass(_ bytes: ByteBuffer) { context?.fireChannelRead(wrapInboundOut(bytes)) }

    /// Whether that is one request without a body, and nothing else; the decoder has made one of it.
    private static func isOne(_ bytes: ByteBuffer) -> Bool {
        guard bytes.readableBytes <= longest, bytes.readableBytes > method.readableBytes + end.count,
            bytes.getSlice(at: bytes.readerIndex, length: method.readableBytes) == method
        else { return false }
        return bytes.withUnsafeReadableBytes { bytes in
            bytes.indices.dropLast(end.count - 1).first { bytes[$0] == end[0] && bytes[$0...].starts(with: end) }
                == bytes.count - end.count
        }
    }

    /// - Parameter bytes: those of the request that was decoded last.
    private func learn(_ bytes: ByteBuffer) {
        guard let request = hot.decoded.last, request.method == .get else { return }
        let beginning = Self.method.readableBytes + request.path.utf8.count
        guard bytes.readableBytes > beginning,
            let target = bytes.getString(at: bytes.readerIndex + Self.method.readableBytes, length: request.path.utf8.count),
            target == request.path,
            let rest = bytes.getSlice(at: bytes.readerIndex + beginning, length: bytes.readableBytes - beginning)
        else { return }
        guard familiar?.rest != rest else { return }
        // A copy, since it is kept for longer than what came with it.
        familiar = Familiar(request: request, rest: ByteBuffer(bytes: rest.readableBytesView))
    }

    private func recognize(_ bytes: ByteBuffer) -> HotRequest? {
        guard let familiar else { return nil }
        let length = bytes.readableBytes - Self.method.readableBytes - familiar.rest.readableBytes
        guard length > 0, bytes.getSlice(at: bytes.readerIndex, length: Self.method.readableBytes) == Self.method,
            bytes.getSlice(
                at: bytes.writerIndex - familiar.rest.readableBytes, length: familiar.rest.readableBytes) == familiar.rest,
            let target = Self.text(bytes, at: bytes.readerIndex + Self.method.readableBytes, length)
        else { return nil }
        return HotRequest(target, like: familiar.request)
    }

    /// - Returns: `nil` if there is anything but letters, digits and signs of ASCII.
    private static func text(_ bytes: ByteBuffer, at index: Int, _ length: Int) -> String? {
        guard let slice = bytes.getSlice(at: index, length: length) else { return nil }
        return slice.withUnsafeReadableBytes { bytes in
            bytes.allSatisfy { (0x21...0x7e).contains($0) } ? String(decoding: bytes, as: UTF8.self) : nil
        }
    }
}
