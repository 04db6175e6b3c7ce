import Hummingbird
import LivepatchAPI
import LivepatchKit

/// Tiers, promotions, blocks and their history.
struct TierRoutes: Sendable {
    let administration: TierAdministration
    let authority: TierAuthority
    let catalog: any Catalog
    let tokens: any TokenStore
    let tiers: TierStateCache
    let security: SecurityLog

    func add(to routes: Routes) {
        routes.on(.get, Paths.tiers, for: .administrators(.read), list)
        routes.on(.get, Paths.tierSnapshots, for: .administrators(.read), snapshots)
        routes.on(.get, Paths.changes, for: .administrators(.read), history)
        routes.change(Paths.changes, for: .administrators(.operate), change)
    }

    @Sendable private func list(_ request: Request, _ context: ServiceRequestContext) async throws -> Response {
        let state = try await tiers.current().state
        let tokens = try await tokens.syncTokens().filter { $0.revoked == nil }
        var managedBy: String?
        if case .upstream(let upstream) = authority { managedBy = upstream }
        let bodies = state.tiers.enumerated().map { position, tier in
            TierListBody.Tier(
                name: tier, position: position, versions: state.offered(in: tier),
                blocked: state.members(of: tier).filter(state.isBlocked),
                syncTokens: tokens.filter { $0.tier == tier }.map(\.name))
        }
        return try Answers.json(TierListBody(tiers: bodies, managedBy: managedBy))
    }

    @Sendable private func snapshots(_ request: Request, _ context: ServiceRequestContext) async throws -> Response {
        let wanted = try PageRequest(request)
        var snapshots = try await catalog.tierSnapshots()
        if let last = try wanted.number() { snapshots.removeAll { $0.id >= last } }
        let (page, next) = wanted.first(of: snapshots) { "\($0.id)" }
        return try Answers.json(TierSnapshotsBody(snapshots: page, next: next))
    }

    @Sendable private func history(_ request: Request, _ context: ServiceRequestContext) async throws -> Response {
        let wanted = try PageRequest(request, usually: 50)
        let before = try RequestReading.number("before", in: 0...Int64.max, of: request)
        let changes = try await catalog.history(limit: wanted.oneMore, before: try wanted.number() ?? before)
        let (page, next) = wanted.first(of: changes) { "\($0.id)" }
        return try Answers.json(HistoryBody(changes: page, next: next))
    }

    @Sendable private func change(_ request: Request, _ context: ServiceRequestContext) async throws -> Response {
        let session = try context.administrator()
        let body = try await RequestReading.body(ChangeRequestBody.self, of: request)
        try await security.require(administration.role(for: body.command), of: session, request)
        if body.dryRun {
            let plan = try await administration.plan(body.command)
            let mark = try await administration.mark(of: plan).description
            var answer = try Answers.json(ChangeResultBody(plan: plan, change: nil, mark: mark))
            answer.headers[.eTag] = EntityTag(mark).field
            return answer
        }
        let (plan, change) = try await administration.carryOut(
            body.command, by: session.user, expecting: RequestReading.planMark(of: request))
        if change != nil { security.record(.administration("\(body.command)", by: session.user), request) }
        return try Answers.json(ChangeResultBody(plan: plan, change: change))
    }
}
