import Hummingbird
import LivepatchAPI
import LivepatchKit

/// Patch versions, for administrators.
struct PatchRoutes: Sendable {
    let catalog: any Catalog
    let tiers: TierStateCache

    func add(to routes: Routes) {
        routes.on(.get, Paths.patches, for: .administrators(.read), list)
        routes.on(.get, Paths.patchVersionTemplate, for: .administrators(.read), show)
    }

    @Sendable private func list(_ request: Request, _ context: ServiceRequestContext) async throws -> Response {
        let state = try await tiers.current().state
        var versions = try await catalog.versions()
        if let text = request.uri.queryParameters["tier"] {
            let tier = try TierName(parsing: String(text))
            guard state.position(of: tier) != nil else { throw LivepatchError.noTier(tier, among: state.tiers) }
            let members = Set(state.members(of: tier))
            versions = versions.filter { members.contains($0.version) }
        }
        let (page, next) = try PageRequest(request).page(of: versions, inOrderOf: \.version)
        return try Answers.json(PatchListBody(patches: page.map { Self.body($0, state) }, next: next))
    }

    @Sendable private func show(_ request: Request, _ context: ServiceRequestContext) async throws -> Response {
        let version = try RequestReading.pathValue(PatchVersion.self, "version", context)
        guard let record = try await catalog.version(version) else {
            throw LivepatchError(
                .versionUnknown, "There is no patch version \(version) in the catalogue.",
                suggestion: "See `livepatch-admin patch list`.")
        }
        let state = try await tiers.current().state
        return try Answers.json(
            PatchDetailBody(patch: Self.body(record, state), files: try await catalog.files(of: version)))
    }

    private static func body(_ record: PatchVersionRecord, _ state: TierState) -> PatchVersionBody {
        PatchVersionBody(
            record: record, tiers: state.tiers(holding: record.version),
            blocks: state.blocks.filter { $0.version == record.version })
    }
}

extension LivepatchError {
    static func noTier(_ tier: TierName, among tiers: [TierName]) -> LivepatchError {
        LivepatchError(
            .tierUnknown, "There is no tier '\(tier)'.",
            suggestion: "The tiers are: \(tiers.map(\.description).joined(separator: ", ")).")
    }
}
