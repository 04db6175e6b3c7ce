public import LivepatchAPI
public import LivepatchKit
import NIOHTTP1

extension AdminClient {
    /// `GET /v1/admin/tiers`
    public func tiers() async throws -> TierListBody { try await value(request(.GET, Paths.tiers)) }

    /// `GET /v1/admin/tier-snapshots`
    public func tierSnapshots() async throws -> TierSnapshotsBody { try await value(request(.GET, Paths.tierSnapshots)) }

    /// `POST /v1/admin/changes`: carries out a command, or only plans it.
    public func change(_ command: TierCommand, dryRun: Bool = false) async throws -> ChangeResultBody {
        try await value(request(.POST, Paths.changes, body: ChangeRequestBody(command: command, dryRun: dryRun)))
    }

    /// `GET /v1/admin/changes`: the history, newest first.
    /// - Parameter before: only changes with a smaller number.
    public func history(limit: Int, before: Int64? = nil) async throws -> HistoryBody {
        try await value(
            request(
                .GET, Paths.changes,
                query: [("limit", "\(limit)")] + (before.map { [("before", "\($0)")] } ?? [])))
    }
}
