import FoundationEssentials
import GRDB

/// One step of the schema's history. A step that has been released is never edited: a change is a new step at the end.
struct SchemaMigration {
    /// Begins with the step's number, and says what it is for.
    let name: String
    let sql: String

    static let all: [SchemaMigration] = [
        .initial, .machines, .coverage, .downstreamReports, .webhooks, .roles, .logins, .releases, .repeats,
        .awaitedContent,
    ]

    /// Takes all the steps that are missing. To be called in one transaction, so that of two processes that open a database for the
    /// first time the second one finds it done, and a kill leaves the old schema.
    /// - Parameter release: who takes them.
    static func migrate(_ db: Database, _ pending: [String], release: String?) throws {
        guard !pending.isEmpty else { return }
        try db.execute(
            sql: """
                PRAGMA application_id = \(SchemaInspection.applicationID);
                CREATE TABLE IF NOT EXISTS schema_migration (
                    position INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, applied INTEGER NOT NULL
                ) STRICT;
                """)
        for (position, migration) in all.enumerated() where pending.contains(migration.name) {
            try db.execute(sql: migration.sql)
            try db.execute(
                sql: "INSERT INTO schema_migration (position, name, applied) VALUES (?, ?, ?)",
                arguments: [position + 1, migration.name, Column.seconds(Date())])
        }
        for name in pending {
            try db.execute(sql: "UPDATE schema_migration SET release = ? WHERE name = ?", arguments: [release, name])
        }
    }
}
