import FoundationEssentials
import GRDB
import LivepatchKit

/// The rows of machines' tokens.
struct MachineTokenRows {
    let db: Database

    init(_ db: Database) { self.db = db }

    /// Attaches a machine, or attaches it anew.
    func register(
        _ machine: HashedMachineID, token hash: SHA256Digest, with authToken: (key: Int64, token: AuthToken), at time: Date
    ) throws {
        let id = Column.blob(machine.digest)
        if let limit = authToken.token.machineLimit {
            let others = try Int.fetchOne(
                db, sql: "SELECT count(*) FROM machine WHERE auth_token = ? AND attached = 1 AND id <> ?",
                arguments: [authToken.key, id])
            guard others ?? 0 < limit else { throw LivepatchError.machineLimit(authToken.token.id, limit) }
        }
        try db.cachedStatement(
            sql: """
                INSERT INTO machine (id, auth_token, attached, registered) VALUES (?, ?, 1, ?)
                ON CONFLICT (id) DO UPDATE SET auth_token = excluded.auth_token, attached = 1,
                    registered = excluded.registered, shared_since = NULL
                """
        ).execute(arguments: [id, authToken.key, Column.seconds(time)])
        try db.cachedStatement(
            sql: """
                INSERT INTO machine_token (hash, machine, auth_token, issued)
                SELECT ?, key, ?, ? FROM machine WHERE id = ?
                """
        ).execute(arguments: [Column.blob(hash), authToken.key, Column.seconds(time), id])
        try db.cachedStatement(
            sql: """
                DELETE FROM machine_token WHERE id IN (
                    SELECT id FROM machine_token WHERE machine = (SELECT key FROM machine WHERE id = ?)
                    ORDER BY id DESC LIMIT -1 OFFSET ?)
                """
        ).execute(arguments: [id, MachineIdentity.tokenLimit])
    }

    func identity(_ hash: SHA256Digest) throws -> MachineIdentity? {
        let statement = try db.cachedStatement(
            sql: """
                SELECT machine.id, auth_token.name, auth_token.tier, token.issued,
                    NOT EXISTS (SELECT 1 FROM machine_token AS newer WHERE newer.machine = token.machine AND newer.id > token.id)
                FROM machine_token AS token JOIN auth_token ON auth_token.id = token.auth_token
                    JOIN machine ON machine.key = token.machine
                WHERE token.hash = ? AND auth_token.revoked IS NULL
                """)
        return try Row.fetchOne(statement, arguments: [Column.blob(hash)]).map { row in
            MachineIdentity(
                machine: HashedMachineID(digest: try Column.digest(row, 0)), authToken: row[1],
                tier: try Column.value(TierName.self, row[2]), issued: Column.date(row[3]), isNewest: row[4])
        }
    }

    /// Ends a token; its machine hangs on the auth token of the one before it, if there is one.
    func end(_ hash: SHA256Digest) throws {
        let key = try Int64.fetchOne(
            db, sql: "DELETE FROM machine_token WHERE hash = ? RETURNING machine", arguments: [Column.blob(hash)])
        guard let key else { return }
        let newest = try Int64.fetchOne(
            db, sql: "SELECT auth_token FROM machine_token WHERE machine = ? ORDER BY id DESC LIMIT 1", arguments: [key])
        try db.execute(
            sql: "UPDATE machine SET auth_token = coalesce(?, auth_token), attached = ? WHERE key = ?",
            arguments: [newest, newest == nil ? 0 : 1, key])
    }
}
