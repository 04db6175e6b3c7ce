import GRDB
import LivepatchKit

/// Looks at a file before anything is done to it, so that a foreign or newer database is refused untouched.
enum SchemaInspection {
    /// Written into the header of every database of this system (`PRAGMA application_id`): "LPSW".
    static let applicationID: Int32 = 0x4C50_5357

    /// - Returns: the names of the migrations that the file lacks; all of them for an empty file.
    /// - Throws: ``LivepatchError`` with the code `database-foreign` or `database-newer`.
    static func pendingMigrations(path: String, patience: Double) throws -> [String] {
        var configuration = SQLiteDatabase.configuration(patience: patience)
        configuration.prepareDatabase { try $0.execute(sql: "PRAGMA query_only = 1") }
        let queue = try DatabaseQueue(path: path, configuration: configuration)
        let pending = try queue.read { try pendingMigrations($0, path: path) }
        try queue.close()
        return pending
    }

    static func pendingMigrations(_ db: Database, path: String) throws -> [String] {
        let application = try Int32.fetchOne(db, sql: "PRAGMA application_id") ?? 0
        let tables = try Set(String.fetchAll(db, sql: "SELECT name FROM sqlite_master WHERE type = 'table'"))
        // Empty, or created by a process that was killed before its first transaction ended.
        if application == 0, tables.isEmpty { return SchemaMigration.all.map(\.name) }
        guard application == applicationID, tables.contains("schema_migration") else {
            throw SQLiteFault.foreign(path, "it is the SQLite database of another program")
        }
        let applied = try String.fetchAll(db, sql: "SELECT name FROM schema_migration ORDER BY position")
        let known = SchemaMigration.all.map(\.name)
        if let newer = applied.first(where: { !known.contains($0) }) {
            throw LivepatchError(
                .databaseNewer,
                "The database '\(path)' was changed by a newer release: it has the migration '\(newer)', which this release does not know.",
                suggestion: "Run that release or a later one, or restore a backup from before the upgrade.")
        }
        return known.filter { !applied.contains($0) }
    }
}
