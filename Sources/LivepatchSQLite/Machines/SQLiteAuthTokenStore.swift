public import LivepatchKit

/// The auth tokens in an ``SQLiteDatabase``.
public struct SQLiteAuthTokenStore: AuthTokenStore {
    private let database: SQLiteDatabase

    public init(_ database: SQLiteDatabase) { self.database = database }

    public func authTokens() async throws -> [(token: AuthToken, machines: Int)] {
        try await database.read { try AuthTokenRows($0).withMachines() }
    }

    public func authToken(hash: SHA256Digest) async throws -> AuthToken? {
        try await database.read { try AuthTokenRows($0).token(hash: hash)?.token }
    }

    public func add(_ token: AuthToken, entry: ChangeEntry) async throws {
        try await database.write { db in
            let tiers = try TierRows(db).tiers()
            guard tiers.contains(token.tier) else { throw LivepatchError.tierUnknown(token.tier, among: tiers) }
            guard try token.revoked != nil || AuthTokenRows(db).unrevoked(token.id) == nil else {
                throw LivepatchError.authTokenExists(token.id)
            }
            try AuthTokenRows(db).add(token)
            try HistoryRows(db).add(entry, change: entry.change)
        }
    }

    public func updateAuthToken(
        _ id: String, entry: ChangeEntry, _ change: @Sendable (inout AuthToken) throws -> Void
    ) async throws -> AuthToken {
        // The change is the caller's code and must not escape into the database's queue: it is made on a copy, and written only if
        // the token still is what was copied.
        while true {
            guard let before = try await database.read({ try AuthTokenRows($0).unrevoked(id)?.token }) else {
                throw LivepatchError.authTokenUnknown(id)
            }
            var token = before
            try change(&token)
            var after = token.stored
            after.hash = before.hash
            if try await replace(before, with: after, entry: entry) { return after }
        }
    }

    /// - Returns: `false` if the token has been changed since.
    private func replace(_ before: AuthToken, with after: AuthToken, entry: ChangeEntry) async throws -> Bool {
        try await database.write { db in
            let rows = AuthTokenRows(db)
            guard let (key, current) = try rows.unrevoked(before.id), current == before else { return false }
            if after.tier != before.tier {
                let tiers = try TierRows(db).tiers()
                guard tiers.contains(after.tier) else { throw LivepatchError.tierUnknown(after.tier, among: tiers) }
            }
            if after.id != before.id, after.revoked == nil, try rows.unrevoked(after.id) != nil {
                throw LivepatchError.authTokenExists(after.id)
            }
            if after.tier != before.tier || after.revoked != before.revoked { try CatalogueRow(db).increaseRevision() }
            try rows.write(after, key: key)
            try HistoryRows(db).add(entry, change: entry.change)
            return true
        }
    }
}
