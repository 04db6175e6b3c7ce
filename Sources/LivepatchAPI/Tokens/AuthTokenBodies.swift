public import FoundationEssentials
public import LivepatchKit

/// What may be told of an auth token.
public struct AuthTokenBody: Hashable, Sendable, Codable {
    public enum State: String, Sendable, Codable, CaseIterable {
        /// It attaches machines.
        case active
        /// It attaches no more machines; those attached stay.
        case expired
        /// Neither it nor the machines attached with it get anything.
        case revoked
    }

    public let id: String
    public let tier: TierName
    public let state: State
    public let created: Date
    /// `nil` for never.
    public let validUntil: Date?
    public let revoked: Date?
    /// How many machines are attached with it.
    public let machines: Int
    /// `nil` for no limit.
    public let machineLimit: Int?

    /// - Parameter machines: how many are attached with it.
    public init(_ token: AuthToken, machines: Int, now: Date) {
        id = token.id
        tier = token.tier
        created = token.created
        validUntil = token.validUntil
        revoked = token.revoked
        self.machines = machines
        machineLimit = token.machineLimit
        state = token.revoked != nil ? .revoked : token.validUntil.map { $0 <= now } == true ? .expired : .active
    }
}

/// `GET /v1/admin/auth-tokens`
public struct AuthTokensBody: Hashable, Sendable, Codable {
    public let authTokens: [AuthTokenBody]
    /// What goes on behind the last one, as the query parameter `cursor`; `nil` at the end.
    public let next: String?

    public init(authTokens: [AuthTokenBody], next: String? = nil) {
        self.authTokens = authTokens
        self.next = next
    }
}

/// `POST /v1/admin/auth-token`
public struct AuthTokenRequestBody: Hashable, Sendable, Codable {
    public let id: String
    public let tier: TierName
    /// `nil` for a token that never expires.
    public let validUntil: Date?
    /// The most machines that it attaches, 1 or more; `nil` for no limit.
    public let machineLimit: Int?

    public init(id: String, tier: TierName, validUntil: Date? = nil, machineLimit: Int? = nil) {
        self.id = id
        self.tier = tier
        self.validUntil = validUntil
        self.machineLimit = machineLimit
    }
}

/// `POST /v1/admin/auth-tokens/{id}/move`
public struct AuthTokenMoveBody: Hashable, Sendable, Codable {
    /// The tier that the machines of the token belong to from then on.
    public let tier: TierName

    public init(tier: TierName) { self.tier = tier }
}

/// A token with its secret: the only time that the secret is told.
public struct IssuedAuthTokenBody: Hashable, Sendable, Codable {
    public let authToken: AuthTokenBody
    public let secret: String
    /// The roots that machines should trust; empty where nothing is signed.
    public let trustedRoots: [TrustedRoot]

    public init(authToken: AuthTokenBody, secret: String, trustedRoots: [TrustedRoot]) {
        self.authToken = authToken
        self.secret = secret
        self.trustedRoots = trustedRoots
    }
}
