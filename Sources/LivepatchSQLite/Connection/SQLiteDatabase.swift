import FoundationEssentials
import GRDB
import LivepatchKit

/// A server's database: one SQLite file, opened by as many processes as like to.
///
/// Readers never wait (write-ahead log); a writer waits at most five seconds for another one, of this process or of another. What
/// a write has acknowledged survives a power cut. Nothing that another process may change is remembered between two accesses.
///
/// The stores are small views of it:
///
/// ```swift
/// let database = try SQLiteDatabase(path: "/var/lib/livepatch/livepatch.db")
/// let catalog = SQLiteCatalog(database)
/// let tokens = SQLiteTokenStore(database)
/// ```
public final class SQLiteDatabase: Sendable {
    /// The file. Beside it lie its log (`-wal`) and index (`-shm`) while it is open: the three belong together.
    public let path: String
    let pool: DatabasePool

    /// Opens the database, creating it (readable by its owner alone) or bringing its schema up to date as needed.
    ///
    /// - Parameter path: the file; its directory must exist.
    /// - Throws: ``LivepatchError`` with the code `database-newer` if a newer release has changed its schema, `database-foreign` if
    ///   the file is something else than a database of this system, `database-unavailable` if it cannot be read or written. A
    ///   file that is refused is left as it was.
    public convenience init(path: String) throws { try self.init(path: path, patience: 5) }

    /// - Parameter patience: how long a writer waits for another one, in seconds.
    init(path: String, patience: Double) throws {
        self.path = path
        do {
            try DatabaseFile.createIfMissing(path)
            let pending = try SchemaInspection.pendingMigrations(path: path, patience: patience)
            var configuration = Self.configuration(patience: patience)
            configuration.label = "livepatch"
            pool = try DatabasePool(path: path, configuration: configuration)
            // Opening a pool chooses NORMAL, which keeps the database whole in a power cut, but may lose the last changes.
            try pool.writeWithoutTransaction { try $0.execute(sql: "PRAGMA synchronous = FULL") }
            if !pending.isEmpty { try pool.write { try SchemaMigration.migrate($0, path: path) } }
        } catch {
            throw SQLiteFault.explain(error, path: path)
        }
    }

    /// Closes the file. Whatever is asked afterwards is refused with `database-unavailable`.
    ///
    /// If no other process uses the file, all that is in its log is moved into it, so that a copy of the file alone is a backup.
    public func close() throws {
        try? pool.writeWithoutTransaction { db in
            try db.execute(sql: "PRAGMA busy_timeout = 0")
            try db.checkpoint(.truncate)
        }
        do { try pool.close() } catch { throw SQLiteFault.explain(error, path: path) }
    }

    /// Looks through the whole file for damage, without checking that every index entry has its row. Takes about a second for
    /// each gigabyte.
    ///
    /// - Returns: what is damaged, at most 20 findings; empty if nothing is.
    public func damage() async throws -> [String] {
        let findings = try await read { try String.fetchAll($0, sql: "PRAGMA quick_check(20)") }
        return findings == ["ok"] ? [] : findings
    }

    static func configuration(patience: Double) -> GRDB.Configuration {
        var configuration = GRDB.Configuration()
        configuration.busyMode = .timeout(patience)
        configuration.foreignKeysEnabled = true
        return configuration
    }
}

extension SQLiteDatabase {
    /// Reads one state of the database.
    func read<Value: Sendable>(_ body: @escaping @Sendable (Database) throws -> Value) async throws -> Value {
        do { return try await pool.read(body) } catch { throw SQLiteFault.explain(error, path: path) }
    }

    /// Changes the database in one transaction, which is undone if the body throws.
    func write<Value: Sendable>(_ body: @escaping @Sendable (Database) throws -> Value) async throws -> Value {
        do { return try await pool.write(body) } catch { throw SQLiteFault.explain(error, path: path) }
    }
}
