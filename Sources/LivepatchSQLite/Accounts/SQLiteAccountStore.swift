public import FoundationEssentials
import GRDB
public import LivepatchKit

/// The administrators' accounts and sessions in an ``SQLiteDatabase``.
public struct SQLiteAccountStore: AccountStore {
    private let database: SQLiteDatabase

    public init(_ database: SQLiteDatabase) { self.database = database }

    /// In order of name.
    public func accounts() async throws -> [Account] {
        try await database.read { db in
            try Row.fetchAll(db, sql: "SELECT user, password_hash, role FROM account ORDER BY user").map { row in
                let role: String = row[2]
                guard let role = AdministratorRole(rawValue: role) else {
                    throw SQLiteFault.damagedRow("'\(role)' is not a role")
                }
                return Account(user: row[0], passwordHash: row[1], role: role)
            }
        }
    }

    /// - Throws: ``LivepatchError`` with the code `already-exists`.
    public func addAccount(_ account: Account) async throws {
        try await database.write { db in
            try db.execute(
                sql: "INSERT INTO account (user, password_hash, role) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
                arguments: [account.user, account.passwordHash, account.role.rawValue])
            guard db.changesCount == 1 else { throw LivepatchError.accountExists(account.user) }
        }
    }

    public func addSession(_ session: AdminSession) async throws {
        try await database.write { db in
            try db.execute(
                sql: """
                    INSERT OR REPLACE INTO admin_session (hash, user, created, expires, credential, address, last_used)
                    VALUES (?, ?, ?, ?, ?, ?, ?)
                    """,
                arguments: [
                    Column.blob(session.hash), session.user, Column.seconds(session.created), Column.seconds(session.expires),
                    Column.blob(session.credential), session.address, session.lastUsed.map(Column.seconds),
                ])
        }
    }

    public func session(hash: SHA256Digest) async throws -> AdminSession? {
        try await database.read { db in
            let statement = try db.cachedStatement(sql: "SELECT \(Self.columns) FROM admin_session WHERE hash = ?")
            return try Row.fetchOne(statement, arguments: [Column.blob(hash)]).map(Self.session)
        }
    }

    public func sessions() async throws -> [AdminSession] {
        try await database.read { db in
            try Row.fetchAll(db, sql: "SELECT \(Self.columns) FROM admin_session").map(Self.session)
        }
    }

    private static let columns = "user, hash, created, expires, credential, address, last_used"

    private static func session(_ row: Row) throws -> AdminSession {
        let lastUsed: Int64? = row[6]
        return AdminSession(
            user: row[0], hash: try Column.digest(row, 1), created: Column.date(row[2]), expires: Column.date(row[3]),
            credential: try Column.digest(row, 4), address: row[5], lastUsed: Column.optionalDate(lastUsed))
    }

    public func noteUse(of hash: SHA256Digest, at time: Date) async throws {
        try await database.write { db in
            try db.execute(
                sql: "UPDATE admin_session SET last_used = ? WHERE hash = ?",
                arguments: [Column.seconds(time), Column.blob(hash)])
        }
    }

    public func removeSessions(_ hashes: [SHA256Digest]) async throws {
        try await database.write { db in
            for hash in hashes {
                try db.execute(sql: "DELETE FROM admin_session WHERE hash = ?", arguments: [Column.blob(hash)])
            }
        }
    }

    public func removeSessions(expiredBefore time: Date) async throws {
        try await database.write { db in
            try db.execute(sql: "DELETE FROM admin_session WHERE expires < ?", arguments: [Column.seconds(time)])
        }
    }
}
