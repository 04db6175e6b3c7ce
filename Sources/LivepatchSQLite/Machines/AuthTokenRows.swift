import GRDB
import LivepatchKit

/// The rows of auth tokens.
struct AuthTokenRows {
    let db: Database

    init(_ db: Database) { self.db = db }

    private static let columns = "id, name, tier, created, valid_until, machine_limit, revoked, hash"

    /// All of them, in order of id, then creation.
    func all() throws -> [AuthToken] {
        try Row.fetchAll(db, sql: "SELECT \(Self.columns) FROM auth_token ORDER BY name, created, id").map(token)
    }

    /// All of them with the number of machines that hang on each.
    func withMachines() throws -> [(token: AuthToken, machines: Int)] {
        try Row.fetchAll(
            db,
            sql: """
                SELECT \(Self.columns),
                    (SELECT count(*) FROM machine WHERE machine.auth_token = auth_token.id AND attached = 1)
                FROM auth_token ORDER BY name, created, id
                """
        ).map { (try token($0), $0[8]) }
    }

    func token(hash: SHA256Digest) throws -> (key: Int64, token: AuthToken)? {
        let statement = try db.cachedStatement(sql: "SELECT \(Self.columns) FROM auth_token WHERE hash = ?")
        return try Row.fetchOne(statement, arguments: [Column.blob(hash)]).map { ($0[0], try token($0)) }
    }

    func unrevoked(_ id: String) throws -> (key: Int64, token: AuthToken)? {
        try Row.fetchOne(
            db, sql: "SELECT \(Self.columns) FROM auth_token WHERE name = ? AND revoked IS NULL", arguments: [id]
        ).map { ($0[0], try token($0)) }
    }

    func add(_ token: AuthToken) throws {
        try db.execute(
            sql: """
                INSERT INTO auth_token (name, tier, created, valid_until, machine_limit, revoked, hash)
                VALUES (?, ?, ?, ?, ?, ?, ?)
                """, arguments: arguments(token) + [Column.blob(token.hash)])
    }

    /// Writes all but the secret's hash, which stays.
    func write(_ token: AuthToken, key: Int64) throws {
        try db.execute(
            sql: """
                UPDATE auth_token SET name = ?, tier = ?, created = ?, valid_until = ?, machine_limit = ?, revoked = ?
                WHERE id = ?
                """, arguments: arguments(token) + [key])
    }

    /// Moves an unrevoked token to its new tier.
    func writeTier(of token: AuthToken) throws {
        try db.execute(
            sql: "UPDATE auth_token SET tier = ? WHERE name = ? AND revoked IS NULL", arguments: [token.tier.rawValue, token.id])
    }

    private func arguments(_ token: AuthToken) -> StatementArguments {
        [
            token.id, token.tier.rawValue, Column.seconds(token.created), token.validUntil.map(Column.seconds),
            token.machineLimit, token.revoked.map(Column.seconds),
        ]
    }

    private func token(_ row: Row) throws -> AuthToken {
        AuthToken(
            id: row[1], tier: try Column.value(TierName.self, row[2]), created: Column.date(row[3]),
            validUntil: Column.optionalDate(row[4]), machineLimit: row[5], revoked: Column.optionalDate(row[6]),
            hash: try Column.digest(row, 7))
    }
}
