import HTTPTypes
import Hummingbird
import LivepatchAPI
import LivepatchKit
import NIOCore

/// Announces changes to downstreams, and to machines where that is wanted, while they hold a request open.
struct EventRoutes: Sendable {
    let watch: ViewWatch
    let admitsMachines: Bool
    /// How long a stream lasts at most, and up to how much less, at random: many that began together do not come back together.
    var lifetime: Duration = HeadEvents.lifetime

    func add(to routes: Routes) {
        routes.on(.get, Paths.syncEvents, for: .viewers, events)
    }

    @Sendable private func events(_ request: Request, _ context: ServiceRequestContext) async throws -> Response {
        if case .machine = context.caller, !admitsMachines {
            throw LivepatchError(
                .notFound, "This server announces nothing to machines.",
                suggestion: "Check in again at the time that the last answer named, or set server.client-push.enabled there.")
        }
        let headers: HTTPFields = [.contentType: HeadEvents.mediaType, .cacheControl: "no-store"]
        if request.method == .head { return Response(status: .ok, headers: headers) }
        // Whoever listens keeps nobody from being served.
        let seat = try context.turn?.seat()
        let tags = try await watch.tags(of: try context.viewedTier())
        let end = ContinuousClock.now + lifetime * Double.random(in: 0.5...1)
        return Response(
            status: .ok, headers: headers,
            body: ResponseBody { writer in
                defer { withExtendedLifetime(seat) {} }
                var told: String?
                for await tag in tags {
                    try await writer.write(Self.bytes(tag == told ? nil : tag))
                    told = tag
                    if ContinuousClock.now >= end { break }
                }
                try await writer.finish(nil)
            })
    }

    /// An event for a tag; without one a comment, which keeps the connection alive.
    private static func bytes(_ tag: String?) throws -> ByteBuffer {
        guard let tag else { return ByteBuffer(string: ":\n\n") }
        var buffer = ByteBuffer(string: "event: \(HeadEvents.name)\ndata: ")
        buffer.writeBytes(try DocumentCoding.encode(HeadEventBody(tag: tag)))
        buffer.writeString("\n\n")
        return buffer
    }
}
