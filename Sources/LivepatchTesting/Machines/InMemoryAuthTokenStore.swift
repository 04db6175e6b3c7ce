public import LivepatchKit

/// The auth tokens in an ``InMemoryDatabase``.
public struct InMemoryAuthTokenStore: AuthTokenStore {
    private let database: InMemoryDatabase

    public init(_ database: InMemoryDatabase) { self.database = database }

    public func authTokens() async throws -> [(token: AuthToken, machines: Int)] {
        // Tokens are kept in the order in which they came, and a sort keeps that among equals only by luck.
        try database.read { tables in
            tables.authTokens.enumerated().sorted { left, right in
                let (one, other) = (left.element.token, right.element.token)
                return (one.id, one.created, left.offset) < (other.id, other.created, right.offset)
            }.map { ($0.element.token, tables.attached($0.element.hash)) }
        }
    }

    public func authToken(hash: SHA256Digest) async throws -> AuthToken? { try database.read { $0.authToken(hash) } }

    public func add(_ token: AuthToken, entry: ChangeEntry) async throws {
        try database.write { tables in
            guard tables.tiers.tiers.contains(token.tier) else {
                throw LivepatchError.tierUnknown(token.tier, among: tables.tiers.tiers)
            }
            guard token.revoked != nil || tables.unrevokedAuthToken(token.id) == nil else {
                throw LivepatchError.authTokenExists(token.id)
            }
            tables.authTokens.append(StoredAuthToken(token: token.stored))
            tables.record(entry, change: entry.change)
        }
    }

    public func updateAuthToken(
        _ id: String, entry: ChangeEntry, _ change: @Sendable (inout AuthToken) throws -> Void
    ) async throws -> AuthToken {
        try database.write { tables in
            guard let index = tables.unrevokedAuthToken(id) else { throw LivepatchError.authTokenUnknown(id) }
            let before = tables.authTokens[index].token
            var after = before
            try change(&after)
            after = after.stored
            after.hash = before.hash
            if after.tier != before.tier, !tables.tiers.tiers.contains(after.tier) {
                throw LivepatchError.tierUnknown(after.tier, among: tables.tiers.tiers)
            }
            if after.id != before.id, after.revoked == nil, tables.unrevokedAuthToken(after.id) != nil {
                throw LivepatchError.authTokenExists(after.id)
            }
            if after.tier != before.tier || after.revoked != before.revoked { tables.increaseRevision() }
            tables.authTokens[index].token = after
            tables.record(entry, change: entry.change)
            return after
        }
    }
}
