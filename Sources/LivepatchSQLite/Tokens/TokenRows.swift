import FoundationEssentials
import GRDB
import LivepatchKit

/// The rows of sync tokens and their secrets.
struct TokenRows {
    let db: Database

    init(_ db: Database) { self.db = db }

    private static let columns = "id, name, tier, created, valid_until, revoked, last_used, last_deployment"

    /// All of them, in order of name, then creation.
    func all() throws -> [SyncToken] {
        var secrets: [Int64: [SyncToken.Secret]] = [:]
        let rows = try Row.fetchCursor(
            db, sql: "SELECT token, hash, valid_until FROM token_secret ORDER BY token, position")
        while let row = try rows.next() { secrets[row[0], default: []].append(try secret(row)) }
        return try Row.fetchAll(db, sql: "SELECT \(Self.columns) FROM token ORDER BY name, created, id")
            .map { try token($0, secrets: secrets[$0[0]] ?? []) }
    }

    func token(hash: SHA256Digest) throws -> (id: Int64, token: SyncToken)? {
        let statement = try db.cachedStatement(
            sql: "SELECT \(Self.columns) FROM token WHERE id = (SELECT token FROM token_secret WHERE hash = ?)")
        return try Row.fetchOne(statement, arguments: [Column.blob(hash)]).map(withSecrets)
    }

    func unrevoked(_ name: String) throws -> (id: Int64, token: SyncToken)? {
        try Row.fetchOne(
            db, sql: "SELECT \(Self.columns) FROM token WHERE name = ? AND revoked IS NULL", arguments: [name]
        ).map(withSecrets)
    }

    func add(_ token: SyncToken) throws {
        try db.execute(
            sql: """
                INSERT INTO token (name, tier, created, valid_until, revoked, last_used, last_deployment)
                VALUES (?, ?, ?, ?, ?, ?, ?)
                """, arguments: arguments(token))
        try addSecrets(token, db.lastInsertedRowID)
    }

    func write(_ token: SyncToken, id: Int64) throws {
        try db.execute(
            sql: """
                UPDATE token SET name = ?, tier = ?, created = ?, valid_until = ?, revoked = ?, last_used = ?,
                    last_deployment = ? WHERE id = ?
                """, arguments: arguments(token) + [id])
        try db.execute(sql: "DELETE FROM token_secret WHERE token = ?", arguments: [id])
        try addSecrets(token, id)
    }

    func writeUse(_ token: SyncToken, id: Int64) throws {
        try db.cachedStatement(sql: "UPDATE token SET last_used = ?, last_deployment = ? WHERE id = ?")
            .execute(arguments: [token.lastUsed.map(Column.seconds), token.lastDeployment?.rawValue, id])
    }

    /// Moves an unrevoked token to its new tier.
    func writeTier(of token: SyncToken) throws {
        try db.execute(
            sql: "UPDATE token SET tier = ? WHERE name = ? AND revoked IS NULL", arguments: [token.tier.rawValue, token.name])
    }

    private func addSecrets(_ token: SyncToken, _ id: Int64) throws {
        for (position, secret) in token.secrets.enumerated() {
            try db.execute(
                sql: "INSERT INTO token_secret (hash, token, position, valid_until) VALUES (?, ?, ?, ?)",
                arguments: [Column.blob(secret.hash), id, position, secret.validUntil.map(Column.seconds)])
        }
    }

    private func arguments(_ token: SyncToken) -> StatementArguments {
        [
            token.name, token.tier.rawValue, Column.seconds(token.created), token.validUntil.map(Column.seconds),
            token.revoked.map(Column.seconds), token.lastUsed.map(Column.seconds), token.lastDeployment?.rawValue,
        ]
    }

    private func withSecrets(_ row: Row) throws -> (id: Int64, token: SyncToken) {
        let id: Int64 = row[0]
        let statement = try db.cachedStatement(
            sql: "SELECT token, hash, valid_until FROM token_secret WHERE token = ? ORDER BY position")
        return (id, try token(row, secrets: try Row.fetchAll(statement, arguments: [id]).map(secret)))
    }

    private func secret(_ row: Row) throws -> SyncToken.Secret {
        let validUntil: Int64? = row[2]
        return SyncToken.Secret(hash: try Column.digest(row, 1), validUntil: validUntil.map(Column.date))
    }

    private func token(_ row: Row, secrets: [SyncToken.Secret]) throws -> SyncToken {
        let validUntil: Int64? = row[4]
        let revoked: Int64? = row[5]
        let lastUsed: Int64? = row[6]
        let deployment: String? = row[7]
        return SyncToken(
            name: row[1], tier: try Column.value(TierName.self, row[2]), created: Column.date(row[3]),
            validUntil: validUntil.map(Column.date), revoked: revoked.map(Column.date), lastUsed: lastUsed.map(Column.date),
            lastDeployment: try deployment.map { try Column.value(DeploymentID.self, $0) }, secrets: secrets)
    }
}
