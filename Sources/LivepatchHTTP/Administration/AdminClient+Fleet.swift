public import LivepatchAPI
public import LivepatchKit
import NIOHTTP1

extension AdminClient {
    /// `GET /v1/admin/fleet/summary`
    public func fleetSummary(includeDownstream: Bool) async throws -> FleetSummaryBody {
        try await value(request(.GET, Paths.fleetSummary, query: Self.downstream(includeDownstream)))
    }

    /// `GET /v1/admin/fleet/health/{version}`
    /// - Parameter tier: `nil` for all tiers.
    public func patchHealth(
        _ version: PatchVersion, tier: TierName?, includeDownstream: Bool
    ) async throws -> PatchHealthBody {
        let tier = tier.map { [(name: "tier", value: $0.description)] } ?? []
        return try await value(
            request(.GET, Paths.patchHealth(version), query: tier + Self.downstream(includeDownstream)))
    }

    /// `GET /v1/admin/machines`: one page.
    /// - Parameters:
    ///   - after: where the page before said that it goes on.
    ///   - limit: 1 to 1000.
    public func machines(
        _ query: MachineQuery, includeDownstream: Bool, after: String?, limit: Int
    ) async throws -> MachineListBody {
        try await value(
            request(
                .GET, Paths.machines,
                query: query.parameters + Self.downstream(includeDownstream)
                    + PageQuery.parameters(limit: limit, cursor: after)))
    }

    /// `GET /v1/admin/machine-count`
    public func machineCount(_ query: MachineQuery, includeDownstream: Bool) async throws -> MachineCountBody {
        try await value(request(.GET, Paths.machineCount, query: query.parameters + Self.downstream(includeDownstream)))
    }

    /// `GET /v1/admin/machines/{machine}`
    /// - Parameters:
    ///   - reference: the machine's own id, its hash, or eight digits of that or more.
    ///   - history: how many of its changes are told, 0 to 1000.
    public func machine(_ reference: String, history: Int) async throws -> MachineDetailBody {
        try await value(request(.GET, Paths.administeredMachine(reference), query: [("history", "\(history)")]))
    }

    /// `POST /v1/admin/machine-forget`
    public func forgetMachines(_ body: MachineForgetBody) async throws -> MachinesForgottenBody {
        try await changed(request(.POST, Paths.machineForget, body: body))
    }

    /// `POST /v1/admin/machines/{machine}/tags`
    public func tagMachine(_ reference: String, add: [String], remove: [String]) async throws -> Machine {
        try await changed(
            request(.POST, Paths.machineTags(reference), body: MachineTagsBody(add: add, remove: remove)))
    }

    private static func downstream(_ isIncluded: Bool) -> [(name: String, value: String)] {
        isIncluded ? [("include-downstream", "true")] : []
    }
}
