import FoundationEssentials
import GRDB
public import LivepatchKit

/// The answers to changes that may be asked for again, in an ``SQLiteDatabase``.
public struct SQLiteRepeatStore: RepeatStore {
    private let database: SQLiteDatabase
    private let limit: Int

    /// - Parameter limit: the most changes that are remembered, 1 or more.
    public init(_ database: SQLiteDatabase, limit: Int = RepeatedChanges.limit) {
        self.database = database
        self.limit = limit
    }

    public func begin(_ claim: RepeatClaim) async throws -> RepeatedChange? {
        try await database.write { db in
            try db.execute(
                sql: "DELETE FROM repeated_change WHERE begun <= ?",
                arguments: [Column.seconds(claim.time.addingTimeInterval(-RepeatedChanges.lifetime))])
            if let row = try Row.fetchOne(
                db, sql: "SELECT fingerprint, run, answer FROM repeated_change WHERE name = ?",
                arguments: [Column.blob(claim.name)])
            {
                let answer: Data? = row[2]
                return RepeatedChange(fingerprint: try Column.digest(row, 0), run: row[1], sealed: answer.map { Array($0) })
            }
            try db.execute(
                sql: "INSERT INTO repeated_change (name, fingerprint, run, begun) VALUES (?, ?, ?, ?)",
                arguments: [
                    Column.blob(claim.name), Column.blob(claim.fingerprint), claim.run, Column.seconds(claim.time),
                ])
            try db.execute(
                sql: """
                    DELETE FROM repeated_change WHERE name IN
                        (SELECT name FROM repeated_change WHERE name <> ? ORDER BY begun DESC, name LIMIT -1 OFFSET ?)
                    """, arguments: [Column.blob(claim.name), limit - 1])
            return nil
        }
    }

    public func finish(_ name: SHA256Digest, sealed: [UInt8]) async throws {
        try await database.write { db in
            try db.execute(
                sql: "UPDATE repeated_change SET answer = ? WHERE name = ?", arguments: [Data(sealed), Column.blob(name)])
        }
    }

    public func abandon(_ name: SHA256Digest) async throws {
        try await database.write { db in
            try db.execute(
                sql: "DELETE FROM repeated_change WHERE name = ? AND answer IS NULL", arguments: [Column.blob(name)])
        }
    }
}
