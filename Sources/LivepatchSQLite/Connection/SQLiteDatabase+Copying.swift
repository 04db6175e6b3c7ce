import GRDB
import LivepatchKit

extension SQLiteDatabase {
    /// How long the file is without its log, in bytes: what a copy takes at most, and a little.
    public func bytes() async throws -> Int64 {
        try await read { db in
            let pages = try Int64.fetchOne(db, sql: "PRAGMA page_count") ?? 0
            return try pages * (Int64.fetchOne(db, sql: "PRAGMA page_size") ?? 0)
        }
    }

    /// Copies the state of one moment into a new file that only its owner can read, whatever is written meanwhile (SQLite's online
    /// backup). Nobody waits for it. It is not brought to the medium.
    ///
    /// - Parameter copy: where there is no file yet.
    /// - Throws: ``LivepatchError`` with the codes `already-exists`, `storage-full`, `database-unavailable`.
    public func copy(to copy: String) async throws {
        guard try DatabaseFile.create(copy) else {
            throw LivepatchError(.alreadyExists, "'\(copy)' exists and is not overwritten.", suggestion: "Choose another file.")
        }
        do {
            try await read { db in try Self.copy(db, to: copy) }
        } catch let error as LivepatchError where error.code == .storageFull {
            throw LivepatchError(
                .storageFull, "There is no room for the copy of the database, '\(copy)'.",
                suggestion: "Nothing was changed; free some space and repeat.", cause: error)
        }
    }

    static func copy(_ db: Database, to copy: String) throws {
        let queue = try DatabaseQueue(path: copy)
        try queue.writeWithoutTransaction { target in
            // Whoever needs it on the medium flushes it once, at the end.
            try target.execute(sql: "PRAGMA synchronous = OFF")
            try db.backup(to: target)
        }
        try queue.close()
    }
}

extension SQLiteDatabase {
    /// How many bytes may still be written beside a database.
    /// - Throws: ``LivepatchError`` with the code `database-unavailable`.
    public static func freeBytes(besides path: String) throws -> Int64 { try DatabaseFile.freeBytes(besides: path) }
}
