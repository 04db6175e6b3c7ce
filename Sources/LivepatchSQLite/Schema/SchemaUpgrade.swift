import FoundationEssentials
import GRDB
import LivepatchKit

/// What bringing a database's schema up to date did, or would do.
public struct SchemaUpgrade: Hashable, Sendable {
    /// The names of the migrations that the database had, in order; none if it was empty.
    public let applied: [String]
    /// The names of those that it lacks, or lacked.
    public let pending: [String]
    /// Where a copy of the database before that is kept; `nil` if there was nothing to keep, or nothing to do.
    public let copy: String?

    init(_ finding: SchemaInspection.Finding, path: String) {
        applied = finding.applied
        pending = finding.pending
        let first = applied.count + 1
        copy = finding.isEmpty || finding.pending.isEmpty ? nil : "\(path).before-\(first)"
    }
}

/// A database before it is brought up to date.
public struct SchemaForecast: Sendable {
    public let upgrade: SchemaUpgrade
    /// How many bytes the database has, and its copy will have.
    public let bytes: Int64
    /// How many rows each table has.
    public let rows: [(table: String, count: Int)]

    /// Looks at a database, and changes nothing.
    /// - Throws: ``LivepatchError`` with the codes `not-found`, `database-foreign`, `database-newer`, `database-unavailable`.
    public init(path: String) throws {
        guard FileManager.default.fileExists(atPath: path) else {
            throw LivepatchError(
                .notFound, "There is no database '\(path)'.", suggestion: "Check --data-dir; the server makes a new one itself.")
        }
        try DatabaseHeader.check(path)
        let (finding, bytes, rows) = try SchemaInspection.reading(path) { db in
            let tables = try String.fetchAll(
                db, sql: "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name")
            return (
                try SchemaInspection.look(db, path: path),
                try (Int64.fetchOne(db, sql: "PRAGMA page_count") ?? 0) * (Int64.fetchOne(db, sql: "PRAGMA page_size") ?? 0),
                try tables.map { ($0, try Int.fetchOne(db, sql: "SELECT count(*) FROM \($0.quotedDatabaseIdentifier)") ?? 0) }
            )
        }
        upgrade = SchemaUpgrade(finding, path: path)
        self.bytes = bytes
        self.rows = rows
    }
}

extension SchemaUpgrade {
    /// Keeps the committed state of the database, whole and on the medium, before it is changed.
    /// - Throws: ``LivepatchError`` with the codes `storage-full`, `database-unavailable`.
    func keepCopy(of path: String, patience: Double) throws {
        guard let copy else { return }
        let partial = "\(copy).\(String(UInt64.random(in: .min ... .max), radix: 16)).partial"
        try SchemaInspection.reading(path, patience: patience) { db in
            let bytes =
                try (Int64.fetchOne(db, sql: "PRAGMA page_count") ?? 0) * (Int64.fetchOne(db, sql: "PRAGMA page_size") ?? 0)
            let free = try DatabaseFile.freeBytes(besides: path)
            // As much again, for what the migration rewrites.
            guard free / 2 > bytes else {
                throw LivepatchError(
                    .storageFull,
                    "There is no room to bring the database '\(path)' up to date: a copy of it is kept before, of \(bytes) bytes, and \(free) are free.",
                    suggestion: "Nothing was changed; free \(max(0, 2 * bytes - free) + 1) bytes more there and repeat.")
            }
            _ = try DatabaseFile.create(partial)
            do {
                try SQLiteDatabase.copy(db, to: partial)
                try DatabaseFile.place(partial, at: copy)
            } catch {
                DatabaseFile.remove(partial)
                throw SQLiteFault.explain(error, path: copy)
            }
        }
    }
}
