import FoundationEssentials
import Hummingbird
import LivepatchAPI
import LivepatchKit

/// Auth tokens: issued, listed, moved, revoked.
struct AuthTokenRoutes: Sendable {
    let issuer: AuthTokenIssuer
    let tokens: any AuthTokenStore
    let trust: TrustInspection
    let security: SecurityLog
    let now: @Sendable () -> Date

    func add(to routes: Routes) {
        routes.change(Paths.authToken, for: .administrators(.admin), issue)
        routes.on(.get, Paths.authTokens, for: .administrators(.read), list)
        routes.on(.delete, Paths.authTokenTemplate, for: .administrators(.admin), revoke)
        routes.change(Paths.authTokenMoveTemplate, for: .administrators(.admin), move)
    }

    @Sendable private func list(_ request: Request, _ context: ServiceRequestContext) async throws -> Response {
        let time = now()
        let bodies = try await tokens.authTokens().map { AuthTokenBody($0.token, machines: $0.machines, now: time) }
        let (page, next) = try PageRequest(request).page(of: bodies, named: \.id)
        return try Answers.json(AuthTokensBody(authTokens: page, next: next))
    }

    @Sendable private func issue(_ request: Request, _ context: ServiceRequestContext) async throws -> Response {
        let session = try context.administrator()
        let body = try await RequestReading.body(AuthTokenRequestBody.self, of: request)
        // First, since a secret that is issued and then not told is lost.
        let roots = try await trust.roots()
        let issued = try await issuer.add(
            body.id, tier: body.tier, validUntil: body.validUntil, machineLimit: body.machineLimit, by: session.user)
        security.record(.authToken(body.id, .created, by: session.user), request)
        security.record(.administration("auth-token \(body.id) \(body.tier)", by: session.user), request)
        return try Answers.json(
            IssuedAuthTokenBody(
                authToken: AuthTokenBody(issued.token, machines: 0, now: now()), secret: issued.secret, trustedRoots: roots),
            status: .created)
    }

    @Sendable private func revoke(_ request: Request, _ context: ServiceRequestContext) async throws -> Response {
        let session = try context.administrator()
        let id = try RequestReading.pathText("id", context)
        let token = try await issuer.revoke(id, by: session.user)
        security.record(.authToken(id, .revoked, by: session.user), request)
        security.record(.administration("auth-tokens revoke \(id)", by: session.user), request)
        return try await answer(token)
    }

    @Sendable private func move(_ request: Request, _ context: ServiceRequestContext) async throws -> Response {
        let session = try context.administrator()
        let id = try RequestReading.pathText("id", context)
        let body = try await RequestReading.body(AuthTokenMoveBody.self, of: request)
        let token = try await issuer.move(id, to: body.tier, by: session.user)
        security.record(.authToken(id, .moved, by: session.user), request)
        security.record(.administration("auth-tokens move \(id) \(body.tier)", by: session.user), request)
        return try await answer(token)
    }

    private func answer(_ token: AuthToken) async throws -> Response {
        let machines = try await tokens.authTokens().first { $0.token.hash == token.hash }?.machines ?? 0
        return try Answers.json(AuthTokenBody(token, machines: machines, now: now()))
    }
}
