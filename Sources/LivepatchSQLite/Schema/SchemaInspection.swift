import GRDB
import LivepatchKit

/// Looks at a file before anything is done to it, so that a foreign, newer or damaged database is refused untouched.
enum SchemaInspection {
    /// Written into the header of every database of this system (`PRAGMA application_id`): "LPSW".
    static let applicationID: Int32 = 0x4C50_5357

    /// What a file's schema is.
    struct Finding {
        /// The names of the migrations that the file has, in order; none for an empty file.
        let applied: [String]
        /// The names of those that it lacks.
        let pending: [String]

        /// Whether there is nothing in it that could be lost.
        var isEmpty: Bool { applied.isEmpty }
    }

    /// Reads a file's schema.
    /// - Throws: ``LivepatchError`` with the code `database-foreign`, `database-newer` or `database-unavailable`.
    static func look(at path: String, patience: Double = 5) throws -> Finding {
        try DatabaseHeader.check(path)
        return try reading(path, patience: patience) { try look($0, path: path) }
    }

    /// Reads a file without a change to it.
    static func reading<Value>(_ path: String, patience: Double = 5, _ body: (Database) throws -> Value) throws -> Value {
        do {
            let queue = try DatabaseQueue(path: path, configuration: untouching(path, patience: patience))
            let value = try queue.read(body)
            try queue.close()
            return value
        } catch {
            throw SQLiteFault.explain(error, path: path)
        }
    }

    /// What keeps a file as it is. Where a log lies beside it, whoever may write moves the log into the file when closing it. Where
    /// none does, whoever may only read leaves an empty one behind.
    static func untouching(_ path: String, patience: Double = 5) -> GRDB.Configuration {
        var configuration = SQLiteDatabase.configuration(patience: patience)
        configuration.readonly = DatabaseFile.hasLog(path)
        configuration.prepareDatabase { try $0.execute(sql: "PRAGMA query_only = 1") }
        return configuration
    }

    static func look(_ db: Database, path: String) throws -> Finding {
        let application = try Int32.fetchOne(db, sql: "PRAGMA application_id") ?? 0
        let tables = try Set(String.fetchAll(db, sql: "SELECT name FROM sqlite_master WHERE type = 'table'"))
        // Empty, or created by a process that was killed before its first transaction ended.
        if application == 0, tables.isEmpty { return Finding(applied: [], pending: SchemaMigration.all.map(\.name)) }
        guard application == applicationID, tables.contains("schema_migration") else {
            throw SQLiteFault.foreign(path, "it is the SQLite database of another program")
        }
        let applied = try String.fetchAll(db, sql: "SELECT name FROM schema_migration ORDER BY position")
        let known = SchemaMigration.all.map(\.name)
        if let newer = applied.first(where: { !known.contains($0) }) {
            let release = try release(of: newer, db)
            throw LivepatchError(
                .databaseNewer,
                "The database '\(path)' was changed by \(release.map { "release \($0)" } ?? "a newer release"): it has the migration '\(newer)', which this release does not know.",
                suggestion: "Run that release or a later one, or restore a backup from before the upgrade.")
        }
        return Finding(applied: applied, pending: known.filter { !applied.contains($0) })
    }

    /// Who took a step, if that was noted.
    private static func release(of migration: String, _ db: Database) throws -> String? {
        guard try db.columns(in: "schema_migration").contains(where: { $0.name == "release" }) else { return nil }
        return try String.fetchOne(db, sql: "SELECT release FROM schema_migration WHERE name = ?", arguments: [migration])
    }
}
