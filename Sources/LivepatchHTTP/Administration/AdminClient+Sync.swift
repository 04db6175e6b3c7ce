public import LivepatchAPI
public import LivepatchKit
import NIOHTTP1

extension AdminClient {
    /// The lines of a sync: `started`, then `progress`, and at last `ended`. A `problem` is thrown instead.
    public typealias SyncEvents = AsyncThrowingStream<SyncEventBody, any Error>

    /// `GET /v1/admin/sync`
    public func syncStatus() async throws -> SyncStatusBody { try await value(request(.GET, Paths.sync)) }

    /// `POST /v1/admin/sync`: triggers a sync, or joins the one under way.
    /// - Parameters:
    ///   - wait: whether the events go on until the sync has ended; otherwise there is one.
    ///   - acceptRemovals: whether the upstream may show much less than before.
    public func triggerSync(wait: Bool, acceptRemovals: Bool = false) async throws -> SyncEvents {
        let request = try request(.POST, Paths.sync, body: SyncTriggerBody(wait: wait, acceptRemovals: acceptRemovals))
        return try await events(SyncEventBody.self, request) { event in
            switch event {
            case .started: wait ? .more : .last
            case .progress: .more
            case .ended: .last
            case .problem(let problem): .problem(problem)
            }
        }
    }

    /// `GET /v1/admin/sync/traces/{version}`
    public func syncTrace(_ version: PatchVersion) async throws -> VersionTrace {
        try await value(request(.GET, Paths.trace(version)))
    }

    /// `GET /v1/admin/sync/reports`: newest first.
    public func syncReports(limit: Int) async throws -> SyncReportsBody {
        try await value(request(.GET, Paths.syncReports, query: [("limit", "\(limit)")]))
    }
}
