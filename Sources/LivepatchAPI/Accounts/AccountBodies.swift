public import FoundationEssentials
public import LivepatchKit

/// The answer to `POST /v1/admin/login`, which takes HTTP Basic authentication (RFC 7617).
public struct LoginBody: Hashable, Sendable, Codable {
    /// The session's bearer token (RFC 6750).
    public let token: String
    public let user: String
    public let role: AdministratorRole
    public let expires: Date

    public init(token: String, user: String, role: AdministratorRole, expires: Date) {
        self.token = token
        self.user = user
        self.role = role
        self.expires = expires
    }
}

/// `GET /v1/admin/session`: who asks.
public struct SessionBody: Hashable, Sendable, Codable {
    public let user: String
    public let role: AdministratorRole
    public let expires: Date

    public init(user: String, role: AdministratorRole, expires: Date) {
        self.user = user
        self.role = role
        self.expires = expires
    }
}

/// A login, as `GET /v1/admin/sessions` lists it.
public struct AdminSessionBody: Hashable, Sendable, Codable {
    /// The beginning of its hash.
    public let id: String
    public let user: String
    public let created: Date
    public let expires: Date
    /// Give or take a minute.
    public let lastUsed: Date?
    /// Where it was begun from.
    public let address: String?
    /// Whether it is the one of whoever asks.
    public let current: Bool

    public init(_ session: AdminSession, current: Bool) {
        id = session.id
        user = session.user
        created = session.created
        expires = session.expires
        lastUsed = session.lastUsed
        address = session.address
        self.current = current
    }
}

/// `GET /v1/admin/sessions`, and the answer to `POST /v1/admin/session-revocations`: the sessions that were ended.
public struct AdminSessionsBody: Hashable, Sendable, Codable {
    public let sessions: [AdminSessionBody]

    public init(sessions: [AdminSessionBody]) { self.sessions = sessions }
}

/// `POST /v1/admin/session-revocations`: which sessions are to end. Exactly one of these is given.
public struct SessionRevocationBody: Hashable, Sendable, Codable {
    /// The beginnings of ids.
    public let ids: [String]?
    /// All of a user.
    public let user: String?
    /// Everybody's.
    public let everybody: Bool?

    public init(ids: [String]? = nil, user: String? = nil, everybody: Bool? = nil) {
        self.ids = ids
        self.user = user
        self.everybody = everybody
    }
}
