public import LivepatchAPI
import AsyncHTTPClient
import LivepatchKit
import NIOHTTP1

extension AdminClient {
    /// `POST /v1/admin/login`: exchanges a password for a session.
    /// - Throws: ``LivepatchError`` with the code `login-failed`.
    public func login(user: String, password: String) async throws -> LoginBody {
        var request = request(.POST, Paths.login)
        request.headers.remove(name: "authorization")
        request.setBasicAuth(username: user, password: password)
        return try await value(request)
    }

    /// `POST /v1/admin/logout`: ends this client's session.
    public func logout() async throws { try await perform(request(.POST, Paths.logout)) }

    /// `GET /v1/admin/sessions`: the logins that are good now.
    /// - Parameters:
    ///   - user: whose; `nil` for one's own.
    ///   - everybody: all users' instead.
    public func sessions(of user: String? = nil, everybody: Bool = false) async throws -> AdminSessionsBody {
        var query: [(name: String, value: String)] = []
        if let user { query.append(("user", user)) }
        if everybody { query.append(("everybody", "true")) }
        return try await value(request(.GET, Paths.sessions, query: query))
    }

    /// `POST /v1/admin/session-revocations`: ends logins.
    /// - Returns: those that were ended.
    public func endSessions(_ body: SessionRevocationBody) async throws -> AdminSessionsBody {
        try await changed(request(.POST, Paths.sessionRevocations, body: body))
    }

    /// `GET /v1/admin/session`
    public func currentSession() async throws -> SessionBody { try await value(request(.GET, Paths.session)) }
}
