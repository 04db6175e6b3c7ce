import HTTPTypes
import Hummingbird
import LivepatchAPI
import LivepatchKit

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
        // It is the last answer on its connection.
        let headers: HTTPFields = [.contentType: HeadEvents.mediaType, .cacheControl: "no-store", .connection: "close"]
        if request.method == .head { return Response(status: .ok, headers: headers) }
        // Whoever listens keeps nobody from being served.
        let seat = try context.turn?.seat()
        let news = EventStream.News()
        let stream = EventStream(
            news: news, listening: try await watch.tell(news, of: try context.viewedTier()), seat: seat,
            end: .now + lifetime * Double.random(in: 0.5...1))
        let channel = context.channel
        return Response(
            status: .ok, headers: headers, body: ResponseBody { _ in try await EventStreamHandler.begin(stream, on: channel) })
    }
}
