import Hummingbird
import NIOCore

/// A request's body that tells the connection when somebody begins to read it.
struct AnnouncedBody: AsyncSequence, Sendable {
    typealias Element = ByteBuffer

    let body: RequestBody
    let channel: any Channel

    struct AsyncIterator: AsyncIteratorProtocol {
        var body: RequestBody.AsyncIterator
        let channel: any Channel
        var isAnnounced = false

        @concurrent mutating func next() async throws -> ByteBuffer? {
            if !isAnnounced {
                isAnnounced = true
                channel.triggerUserOutboundEvent(ExpectedContinue.Reading(), promise: nil)
            }
            return try await body.next()
        }
    }

    func makeAsyncIterator() -> AsyncIterator { AsyncIterator(body: body.makeAsyncIterator(), channel: channel) }
}
