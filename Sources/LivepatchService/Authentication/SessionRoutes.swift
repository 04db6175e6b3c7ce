import Hummingbird
import LivepatchAPI
import LivepatchKit

/// The logins that there are, and ending them.
struct SessionRoutes: Sendable {
    let accounts: AccountAuthority
    let security: SecurityLog

    func add(to routes: Routes) {
        routes.on(.post, Paths.logout, for: .administrators(.read), logout)
        routes.on(.get, Paths.session, for: .administrators(.read), session)
        routes.on(.get, Paths.sessions, for: .administrators(.read), list)
        routes.change(Paths.sessionRevocations, for: .administrators(.read), revoke)
    }

    @Sendable private func logout(_ request: Request, _ context: ServiceRequestContext) async throws -> Response {
        let administrator = try context.administrator()
        guard let token = BearerToken(in: request), administrator.session != nil else { return Answers.nothing }
        try await accounts.logout(token: token.secret)
        security.record(.loggedOut(user: administrator.user), request)
        return Answers.nothing
    }

    @Sendable private func session(_ request: Request, _ context: ServiceRequestContext) async throws -> Response {
        let administrator = try context.administrator()
        return try Answers.json(
            SessionBody(user: administrator.user, role: administrator.role, expires: administrator.expires))
    }

    @Sendable private func list(_ request: Request, _ context: ServiceRequestContext) async throws -> Response {
        let administrator = try context.administrator()
        let query = request.uri.queryParameters
        let selection: SessionSelection
        switch (query["user"], query["everybody"]) {
        case (nil, nil), (nil, "false"): selection = .own
        case (nil, "true"): selection = .everybody
        case (let user?, nil): selection = .user(String(user))
        default:
            throw LivepatchError(
                .malformedRequest, "Whose sessions are meant is said by 'user', or by 'everybody=true', or by neither.")
        }
        try security.require(selection.role(for: administrator), of: administrator, request)
        return try Answers.json(body(try await accounts.sessions(selection, for: administrator), for: administrator))
    }

    @Sendable private func revoke(_ request: Request, _ context: ServiceRequestContext) async throws -> Response {
        let administrator = try context.administrator()
        let body = try await RequestReading.body(SessionRevocationBody.self, of: request)
        let selection: SessionSelection
        switch (body.ids, body.user, body.everybody) {
        case (let ids?, nil, nil) where (1...1000).contains(ids.count): selection = .ids(ids)
        case (nil, let user?, nil): selection = .user(user)
        case (nil, nil, true): selection = .everybody
        default:
            throw LivepatchError(
                .malformedRequest, "Which sessions are to end is said by 1 to 1000 'ids', or by 'user', or by 'everybody'.")
        }
        try security.require(selection.role(for: administrator), of: administrator, request)
        let ended = try await accounts.endSessions(selection, by: administrator)
        for session in ended {
            security.record(
                .administration("sessions revoke \(session.id) of '\(session.user)'", by: administrator.user), request)
        }
        return try Answers.json(self.body(ended, for: administrator))
    }

    private func body(_ sessions: [AdminSession], for administrator: KnownAdministrator) -> AdminSessionsBody {
        AdminSessionsBody(
            sessions: sessions.map { AdminSessionBody($0, current: $0.hash == administrator.session?.hash) })
    }
}
