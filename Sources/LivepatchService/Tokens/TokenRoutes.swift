import FoundationEssentials
import Hummingbird
import LivepatchAPI
import LivepatchKit

/// Sync tokens: issued, listed, rotated, revoked.
struct TokenRoutes: Sendable {
    let issuer: TokenIssuer
    let tokens: any TokenStore
    let trust: TrustInspection
    let security: SecurityLog
    let now: @Sendable () -> Date

    /// The longest overlap of a rotation, in seconds: ten years.
    private static let overlapLimit = 10 * 366 * 86_400

    func add(to routes: Routes) {
        routes.on(.get, Paths.syncTokens, for: .administrators(.read), list)
        routes.change(Paths.syncTokens, for: .administrators(.admin), issue)
        routes.on(.delete, Paths.syncTokenTemplate, for: .administrators(.admin), revoke)
        routes.change(Paths.syncTokenRotateTemplate, for: .administrators(.admin), rotate)
    }

    @Sendable private func list(_ request: Request, _ context: ServiceRequestContext) async throws -> Response {
        let time = now()
        let bodies = try await tokens.syncTokens().map { SyncTokenBody($0, now: time) }
        let (page, next) = try PageRequest(request).page(of: bodies, named: \.name)
        return try Answers.json(SyncTokensBody(syncTokens: page, next: next))
    }

    @Sendable private func issue(_ request: Request, _ context: ServiceRequestContext) async throws -> Response {
        let session = try context.administrator()
        let body = try await RequestReading.body(SyncTokenRequestBody.self, of: request)
        // First, since a secret that is issued and then not told is lost.
        let roots = try await trust.roots()
        let issued = try await issuer.add(tier: body.tier, name: body.name, validUntil: body.validUntil, by: session.user)
        security.record(.syncToken(body.name, .created, by: session.user), request)
        security.record(.administration("sync-tokens add \(body.tier) \(body.name)", by: session.user), request)
        return try Answers.json(
            IssuedSyncTokenBody(
                syncToken: SyncTokenBody(issued.token, now: now()), secret: issued.secret,
                trustedRoots: roots),
            status: .created)
    }

    @Sendable private func rotate(_ request: Request, _ context: ServiceRequestContext) async throws -> Response {
        let session = try context.administrator()
        let name = try RequestReading.pathText("name", context)
        let body = try await RequestReading.body(SyncTokenRotateBody.self, of: request)
        guard (0...Self.overlapLimit).contains(body.overlapSeconds) else {
            throw LivepatchError(.malformedRequest, "The overlap is from 0 to \(Self.overlapLimit) seconds.")
        }
        let issued = try await issuer.rotate(name, overlap: .seconds(body.overlapSeconds), by: session.user)
        security.record(.syncToken(name, .rotated, by: session.user), request)
        security.record(.administration("sync-tokens rotate \(name)", by: session.user), request)
        return try Answers.json(
            IssuedSyncTokenBody(syncToken: SyncTokenBody(issued.token, now: now()), secret: issued.secret))
    }

    @Sendable private func revoke(_ request: Request, _ context: ServiceRequestContext) async throws -> Response {
        let session = try context.administrator()
        let name = try RequestReading.pathText("name", context)
        let token = try await issuer.revoke(name, by: session.user)
        security.record(.syncToken(name, .revoked, by: session.user), request)
        security.record(.administration("sync-tokens revoke \(name)", by: session.user), request)
        return try Answers.json(SyncTokenBody(token, now: now()))
    }
}
