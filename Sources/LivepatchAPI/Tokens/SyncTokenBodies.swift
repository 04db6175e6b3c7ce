public import FoundationEssentials
public import LivepatchKit

/// What may be told of a sync token.
public struct SyncTokenBody: Hashable, Sendable, Codable {
    public enum State: String, Sendable, Codable, CaseIterable {
        case active, expired, revoked
    }

    public let name: String
    public let tier: TierName
    public let state: State
    public let created: Date
    /// `nil` for never.
    public let validUntil: Date?
    public let revoked: Date?
    public let lastUsed: Date?
    public let lastDeployment: DeploymentID?
    /// Until when a secret from before the last rotation still works.
    public let oldSecretValidUntil: Date?

    public init(_ token: SyncToken, now: Date) {
        name = token.name
        tier = token.tier
        created = token.created
        validUntil = token.validUntil
        revoked = token.revoked
        lastUsed = token.lastUsed
        lastDeployment = token.lastDeployment
        oldSecretValidUntil = token.secrets.dropFirst().compactMap(\.validUntil).filter { $0 > now }.max()
        state = token.revoked != nil ? .revoked : token.validUntil.map { $0 <= now } == true ? .expired : .active
    }
}

/// `GET /v1/admin/sync-tokens`
public struct SyncTokensBody: Hashable, Sendable, Codable {
    public let syncTokens: [SyncTokenBody]
    /// What goes on behind the last one, as the query parameter `cursor`; `nil` at the end.
    public let next: String?

    public init(syncTokens: [SyncTokenBody], next: String? = nil) {
        self.syncTokens = syncTokens
        self.next = next
    }
}

/// `POST /v1/admin/sync-tokens`
public struct SyncTokenRequestBody: Hashable, Sendable, Codable {
    public let tier: TierName
    public let name: String
    /// `nil` for a token that never expires.
    public let validUntil: Date?

    public init(tier: TierName, name: String, validUntil: Date?) {
        self.tier = tier
        self.name = name
        self.validUntil = validUntil
    }
}

/// `POST /v1/admin/sync-tokens/{name}/rotate`
public struct SyncTokenRotateBody: Hashable, Sendable, Codable {
    /// How long the old secret goes on working, in seconds, 0 or more.
    public let overlapSeconds: Int

    public init(overlapSeconds: Int) { self.overlapSeconds = overlapSeconds }
}

/// A token with its secret: the only time that the secret is told.
public struct IssuedSyncTokenBody: Hashable, Sendable, Codable {
    public let syncToken: SyncTokenBody
    public let secret: String
    /// The roots that the downstream should trust (`patch-sync.trusted-roots`); empty where nothing is signed, `nil` where a token was
    /// not new.
    public let trustedRoots: [TrustedRoot]?

    public init(syncToken: SyncTokenBody, secret: String, trustedRoots: [TrustedRoot]? = nil) {
        self.syncToken = syncToken
        self.secret = secret
        self.trustedRoots = trustedRoots
    }
}
