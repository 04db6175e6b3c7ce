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
                sql: "INSERT OR REPLACE INTO admin_session (hash, user, created, expires) VALUES (?, ?, ?, ?)",
                arguments: [
                    Column.blob(session.hash), session.user, Column.seconds(session.created), Column.seconds(session.expires),
                ])
        }
    }

    public func session(hash: SHA256Digest) async throws -> AdminSession? {
        try await database.read { db in
            let statement = try db.cachedStatement(sql: "SELECT user, hash, created, expires FROM admin_session WHERE hash = ?")
            return try Row.fetchOne(statement, arguments: [Column.blob(hash)]).map { row in
                AdminSession(
                    user: row[0], hash: try Column.digest(row, 1), created: Column.date(row[2]), expires: Column.date(row[3]))
            }
        }
    }

    public func removeSession(hash: SHA256Digest) async throws {
        try await database.write { db in
            try db.execute(sql: "DELETE FROM admin_session WHERE hash = ?", arguments: [Column.blob(hash)])
        }
    }

    public func removeSessions(expiredBefore time: Date) async throws {
        try await database.write { db in
            try db.execute(sql: "DELETE FROM admin_session WHERE expires < ?", arguments: [Column.seconds(time)])
        }
    }
}
