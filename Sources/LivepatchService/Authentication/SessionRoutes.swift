import Hummingbird
import LivepatchAPI
import LivepatchKit

/// Logging in and out.
struct SessionRoutes: Sendable {
    let accounts: AccountAuthority
    /// Whether user and password are accepted at all (`auth.basic.enabled`).
    let acceptsPasswords: Bool
    let meter: EntryMeter
    let security: SecurityLog

    func add(to routes: Routes) {
        routes.on(.post, Paths.login, for: .everybody, login)
        routes.on(.post, Paths.logout, for: .administrators(.read), logout)
        routes.on(.get, Paths.session, for: .administrators(.read), session)
    }

    @Sendable private func login(_ request: Request, _ context: ServiceRequestContext) async throws -> Response {
        guard acceptsPasswords else {
            security.record(.loginFailed(user: nil, reason: "disabled"), request)
            throw LivepatchError(
                .loginFailed, "This server does not accept user and password.",
                suggestion: "Set auth.basic.enabled=true in the server's configuration.")
        }
        guard let credentials = BasicCredentials(in: request) else {
            security.record(.loginFailed(user: nil, reason: "no_credentials"), request)
            throw LivepatchError(
                .loginFailed, "Logging in takes user and password (HTTP Basic authentication).",
                suggestion: "Log in with `livepatch-admin login`.")
        }
        do {
            let (administrator, token) = try await meter.measuring(.basic) {
                try await accounts.login(user: credentials.user, password: credentials.password)
            }
            security.record(.loginSucceeded(administrator), request)
            return try Answers.json(
                LoginBody(
                    token: token, user: administrator.user, role: administrator.role, expires: administrator.expires))
        } catch let error as LivepatchError where error.code == .loginFailed {
            security.record(.loginFailed(user: credentials.user, reason: "wrong_credentials"), request)
            throw error
        }
    }

    @Sendable private func logout(_ request: Request, _ context: ServiceRequestContext) async throws -> Response {
        let session = try context.administrator()
        if let token = BearerToken(in: request) { try await accounts.logout(token: token.secret) }
        security.record(.loggedOut(user: session.user), request)
        return Answers.nothing
    }

    @Sendable private func session(_ request: Request, _ context: ServiceRequestContext) async throws -> Response {
        let administrator = try context.administrator()
        return try Answers.json(
            SessionBody(user: administrator.user, role: administrator.role, expires: administrator.expires))
    }
}
