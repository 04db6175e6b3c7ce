import Hummingbird
import LivepatchAPI
import LivepatchKit
import LivepatchTracing

/// What a server syncs, from where, and how that went.
struct SyncRoutes: Sendable {
    let status: SyncStatus
    let security: SecurityLog
    /// How long a stream is silent at most while a sync goes on.
    let heartbeat: Duration

    func add(to routes: Routes) {
        routes.on(.get, Paths.sync, for: .administrators(.read)) { _, _ in try Answers.json(try await status.body()) }
        routes.on(.post, Paths.sync, for: .administrators(.operate), trigger)
        routes.on(.get, Paths.syncReports, for: .administrators(.read), reports)
    }

    @Sendable private func reports(_ request: Request, _ context: ServiceRequestContext) async throws -> Response {
        let wanted = try PageRequest(request, usually: 20)
        var reports: [SyncReport]
        if let last = try wanted.number() {
            // All that are kept.
            reports = try await status.reports.reports(limit: 1000)
            reports.removeAll { $0.id >= last }
        } else {
            reports = try await status.reports.reports(limit: wanted.oneMore)
        }
        let (page, next) = wanted.first(of: reports) { "\($0.id)" }
        return try Answers.json(SyncReportsBody(reports: page, next: next))
    }

    @Sendable private func trigger(_ request: Request, _ context: ServiceRequestContext) async throws -> Response {
        let session = try context.administrator()
        let body = try await RequestReading.body(SyncTriggerBody.self, of: request)
        guard let coordinator = status.coordinator else {
            throw LivepatchError(
                .syncNotConfigured, "This server has no upstream to sync from.",
                suggestion: "Set patch-sync.enabled, patch-sync.upstream-url and patch-sync.token in its configuration.")
        }
        // The sync belongs to the coordinator: it goes on, whatever becomes of whoever asked for it.
        let handle = try await coordinator.trigger(acceptsRemovals: body.acceptRemovals)
        let command = "sync trigger\(body.acceptRemovals ? " --accept-removals" : "")"
        security.record(.administration(command, by: session.user), request)
        let started = SyncEventBody.started(joined: handle.joined)
        guard body.wait else { return LineStream.answer(first: started) }
        let feed = LineFeed<SyncEventBody>(heartbeat: heartbeat)
        let relay = Task {
            do {
                var report = try await Self.end(of: handle, for: feed)
                if handle.joined {
                    // That one may have read its head before the change that is waited for; this one has not.
                    let next = try await coordinator.trigger(acceptsRemovals: body.acceptRemovals)
                    let later = try await Self.end(of: next, for: feed)
                    if later.result != .unchanged { report = later }
                }
                feed.end(.ended(report))
            } catch {
                feed.end(.problem(Problem(LivepatchError(told: error), trace: TracePropagation.current?.traceID)))
            }
        }
        feed.onLeave { relay.cancel() }
        return LineStream.answer(first: started, feed)
    }

    private static func end(
        of handle: SyncCoordinator.Handle, for feed: LineFeed<SyncEventBody>
    ) async throws -> SyncReport {
        for await progress in handle.progress { feed.progress(.progress(progress)) }
        return try await handle.report()
    }
}
