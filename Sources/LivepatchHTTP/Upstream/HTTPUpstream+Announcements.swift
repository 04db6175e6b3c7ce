import AsyncHTTPClient
import LivepatchAPI
public import LivepatchKit
import NIOCore
import NIOHTTP1

extension HTTPUpstream: HeadAnnouncer {
    /// The longest event that is taken, in bytes.
    private static let eventLimit = 4096

    public func headTags() async throws -> AsyncThrowingStream<String, any Error> {
        let refusal = UpstreamRefusal(asked: server.description, for: "announcements of changes")
        var request = request(server.url(Paths.syncEvents))
        request.headers.add(name: "accept", value: HeadEvents.mediaType)
        let answer = try await send(request, to: server.origin, refusal)
        guard answer.status == .ok else { throw await refusal.error(answer) }
        guard answer.mediaType == HeadEvents.mediaType else {
            throw refusal.malformed("the answer is no event stream but \(answer.mediaType ?? "of no type")")
        }
        let body = answer.body
        // Pulled by whoever listens: letting go of the stream lets go of the body, and ends the exchange.
        let reading = HeadEventReading(body: body, refusal: refusal, limit: Self.eventLimit)
        return AsyncThrowingStream { try await reading.next() }
    }
}

/// Reads the events of one stream.
private actor HeadEventReading {
    private let body: BodyReader
    private let refusal: UpstreamRefusal
    private var parser: EventStreamParser
    private var tags: [String] = []

    init(body: BodyReader, refusal: UpstreamRefusal, limit: Int) {
        self.body = body
        self.refusal = refusal
        parser = EventStreamParser(limit: limit)
    }

    func next() async throws -> String? {
        do {
            while true {
                if !tags.isEmpty { return tags.removeFirst() }
                guard let piece = try await body.next(idle: HeadEvents.patience, isEndless: true) else { return nil }
                // Only the newest means anything.
                tags = try parser.events(in: piece.readableBytesView).filter { $0.name == HeadEvents.name }.suffix(1).map {
                    try DocumentCoding.decode(HeadEventBody.self, from: Array($0.data.utf8)).tag
                }
            }
        } catch let failure as TransportFailure {
            throw refusal.error(failure)
        } catch is EventStreamParser.TooLong {
            throw refusal.malformed("an event is too long")
        } catch is DecodingError {
            throw refusal.malformed("an event names no head")
        }
    }
}
