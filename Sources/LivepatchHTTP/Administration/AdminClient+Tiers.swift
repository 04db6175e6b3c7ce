import AsyncHTTPClient
public import LivepatchAPI
public import LivepatchKit
import NIOHTTP1

extension AdminClient {
    /// `GET /v1/admin/tiers`
    public func tiers() async throws -> TierListBody { try await value(request(.GET, Paths.tiers)) }

    /// `GET /v1/admin/tier-snapshots`: all of them.
    public func tierSnapshots() async throws -> TierSnapshotsBody {
        TierSnapshotsBody(
            snapshots: try await pages(Paths.tierSnapshots, TierSnapshotsBody.self, \.next).flatMap(\.snapshots))
    }

    /// `POST /v1/admin/changes`: carries out a command, or only plans it.
    /// - Parameter mark: of a dry run: exactly that plan is carried out, or none.
    public func change(_ command: TierCommand, dryRun: Bool = false, ifMatch mark: String? = nil) async throws -> ChangeResultBody
    {
        var request = try request(.POST, Paths.changes, body: ChangeRequestBody(command: command, dryRun: dryRun))
        if let mark { request.headers.add(name: "if-match", value: "\"\(mark)\"") }
        return try await changed(request)
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
