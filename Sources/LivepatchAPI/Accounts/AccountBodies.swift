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
