public import FoundationEssentials
public import LivepatchKit

/// The sync tokens in an ``SQLiteDatabase``.
public struct SQLiteTokenStore: TokenStore {
    private let database: SQLiteDatabase

    public init(_ database: SQLiteDatabase) { self.database = database }

    public func syncTokens() async throws -> [SyncToken] { try await database.read { try TokenRows($0).all() } }

    public func syncTokenAndRevision(hash: SHA256Digest) async throws -> (token: SyncToken?, revision: CatalogRevision) {
        try await database.look { (token: try TokenRows($0).token(hash: hash)?.token, revision: try CatalogueRow($0).revision()) }
    }

    public func add(_ token: SyncToken, entry: ChangeEntry) async throws {
        try await database.write { db in
            let tiers = try TierRows(db).tiers()
            guard tiers.contains(token.tier) else { throw LivepatchError.tierUnknown(token.tier, among: tiers) }
            guard try token.revoked != nil || TokenRows(db).unrevoked(token.name) == nil else {
                throw LivepatchError.tokenExists(token.name)
            }
            try TokenRows(db).add(token)
            try HistoryRows(db).add(entry, change: entry.change)
        }
    }

    public func update(
        _ name: String, entry: ChangeEntry, _ change: @Sendable (inout SyncToken) throws -> Void
    ) async throws -> SyncToken {
        // The change is the caller's code and must not escape into the database's queue: it is made on a copy, and written only if
        // the token still is what was copied.
        while true {
            guard let before = try await database.read({ try TokenRows($0).unrevoked(name)?.token }) else {
                throw LivepatchError.tokenUnknown(name)
            }
            var token = before
            try change(&token)
            let after = token.stored
            if try await replace(before, with: after, entry: entry) { return after }
        }
    }

    public func noteUse(hash: SHA256Digest, time: Date, deployment: DeploymentID?) async throws {
        let worthNoting = try await database.read { try TokenRows($0).token(hash: hash)?.token.noting(use: time, by: deployment) }
        guard worthNoting != nil else { return }
        try await database.write { db in
            guard let (id, token) = try TokenRows(db).token(hash: hash) else { return }
            if let noted = token.noting(use: time, by: deployment) { try TokenRows(db).writeUse(noted, id: id) }
        }
    }

    /// - Returns: `false` if the token has been changed since.
    private func replace(_ before: SyncToken, with after: SyncToken, entry: ChangeEntry) async throws -> Bool {
        try await database.write { db in
            let rows = TokenRows(db)
            guard let (id, current) = try rows.unrevoked(before.name), current == before else { return false }
            if after.tier != before.tier {
                let tiers = try TierRows(db).tiers()
                guard tiers.contains(after.tier) else { throw LivepatchError.tierUnknown(after.tier, among: tiers) }
            }
            if after.name != before.name, after.revoked == nil, try rows.unrevoked(after.name) != nil {
                throw LivepatchError.tokenExists(after.name)
            }
            try rows.write(after, id: id)
            if after.opensOtherwise(than: before) { try CatalogueRow(db).increaseRevision() }
            try HistoryRows(db).add(entry, change: entry.change)
            return true
        }
    }
}
