import FoundationEssentials
import GRDB
public import LivepatchKit
public import Metrics
import Synchronization
import Tracing

/// A server's database: one SQLite file, opened by as many processes as like to.
///
/// Readers never wait for writers (write-ahead log); a writer waits at most five seconds for another one, of this process or of
/// another. What a write has acknowledged survives a power cut. Nothing that another process may change is remembered between two
/// accesses.
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
    private let shared: SharedReads
    private let meter: DatabaseMeter
    let revisions = RevisionObserver()
    private let prompts = Mutex<[SQLitePromptRevision]>([])

    /// What opening it did to its schema; `nil` if that was up to date.
    public let upgrade: SchemaUpgrade?

    /// Opens the database, creating it (readable by its owner alone) or bringing its schema up to date as needed. Before that a copy
    /// of a database that holds something is kept beside it, as `PATH.before-N`, N being the number of the first new migration.
    ///
    /// - Parameters:
    ///   - path: the file; its directory must exist.
    ///   - release: who opens it, to be noted where the schema is brought up to date.
    ///   - metrics: where transactions are measured; by default what the process was given (`MetricsSystem`).
    /// - Throws: ``LivepatchError`` with the code `database-newer` if a newer release has changed its schema, `database-foreign` if
    ///   the file is something else than a database of this system, `database-unavailable` if it cannot be read or written,
    ///   `storage-full` if there is no room for that copy. A file that is refused is left as it was.
    public convenience init(path: String, release: String? = nil, metrics: any MetricsFactory = MetricsSystem.factory) throws {
        try self.init(path: path, release: release, patience: 5, metrics: metrics)
    }

    /// - Parameter patience: how long a writer waits for another one, in seconds.
    init(
        path: String, release: String? = nil, patience: Double, metrics: any MetricsFactory = MetricsSystem.factory
    ) throws {
        self.path = path
        meter = DatabaseMeter(metrics)
        do {
            try DatabaseFile.createIfMissing(path)
            let isPending = try !SchemaInspection.look(at: path, patience: patience).pending.isEmpty
            var configuration = Self.configuration(patience: patience)
            configuration.label = "livepatch"
            pool = try DatabasePool(path: path, configuration: configuration)
            shared = SharedReads(pool)
            // Opening a pool chooses NORMAL, which keeps the database whole in a power cut, but may lose the last changes.
            try pool.writeWithoutTransaction { try $0.execute(sql: "PRAGMA synchronous = FULL") }
            pool.add(transactionObserver: revisions)
            guard isPending else {
                upgrade = nil
                return
            }
            upgrade = try pool.write { db in
                // Of two processes the second one finds it done.
                let upgrade = SchemaUpgrade(try SchemaInspection.look(db, path: path), path: path)
                // The transaction keeps other writers away; what is copied is the state before it.
                try upgrade.keepCopy(of: path, patience: patience)
                try SchemaMigration.migrate(db, upgrade.pending, release: release)
                return upgrade.pending.isEmpty ? nil : upgrade
            }
        } catch {
            throw SQLiteFault.explain(error, path: path)
        }
    }

    /// Closes the file. Whatever is asked afterwards is refused with `database-unavailable`.
    ///
    /// If no other process uses the file, all that is in its log is moved into it, so that a copy of the file alone is a backup.
    public func close() throws {
        for prompt in prompts.withLock({ $0 }) { prompt.close() }
        try? pool.writeWithoutTransaction { db in
            try db.execute(sql: "PRAGMA busy_timeout = 0")
            try db.checkpoint(.truncate)
        }
        do { try pool.close() } catch { throw SQLiteFault.explain(error, path: path) }
    }

    /// What tells the catalogue's revision without waiting, by a connection of its own.
    /// - Throws: ``LivepatchError`` with the code `database-unavailable`.
    public func promptRevision() throws -> any PromptRevision {
        do {
            let prompt = try SQLitePromptRevision(path: path)
            prompts.withLock { $0.append(prompt) }
            return prompt
        } catch {
            throw SQLiteFault.explain(error, path: path)
        }
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
    /// - Parameter method: what metrics call it; the function that reads.
    func read<Value: Sendable>(
        method: String = #function, _ body: @escaping @Sendable (Database) throws -> Value
    ) async throws -> Value {
        try await measured(method, "read") { try await pool.read(body) }
    }

    /// Reads a few rows of one state of the database, together with whatever else is asked for at the same time.
    /// - Parameter body: takes some microseconds, since others wait for it.
    func look<Value: Sendable>(
        method: String = #function, _ body: @escaping @Sendable (Database) throws -> Value
    ) async throws -> Value {
        try await measured(method, "read") { try await shared.read(body) }
    }

    /// Changes the database in one transaction, which is undone if the body throws.
    /// - Parameter method: what metrics call it; the function that writes.
    func write<Value: Sendable>(
        method: String = #function, _ body: @escaping @Sendable (Database) throws -> Value
    ) async throws -> Value {
        try await measured(method, "write") { try await pool.write(body) }
    }

    /// Has it measured, and makes it a span of the trace that asks, if the process records traces at all.
    private func measured<Value: Sendable>(
        _ method: String, _ operation: String, _ access: @Sendable () async throws -> Value
    ) async throws -> Value {
        guard InstrumentationContext.current != nil else { return try await measured(method, access) }
        return try await withSpan(String(method.prefix { $0 != "(" }), ofKind: .client) { span in
            if span.isRecording {
                span.attributes["db.system.name"] = "sqlite"
                span.attributes["db.operation.name"] = operation
            }
            return try await measured(method, access)
        }
    }

    private func measured<Value: Sendable>(_ method: String, _ access: () async throws -> Value) async throws -> Value {
        let start = ContinuousClock.now
        do {
            let value = try await access()
            meter.note(method, since: start)
            return value
        } catch {
            meter.note(method, since: start)
            if error is DatabaseError { meter.noteError() }
            throw SQLiteFault.explain(error, path: path)
        }
    }
}
