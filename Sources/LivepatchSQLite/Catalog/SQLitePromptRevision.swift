import GRDBSQLite
import LivepatchKit
import Synchronization

/// Reads the catalogue's revision on the thread that asks.
///
/// In a database with a write-ahead log a reader waits for nobody; what it reads here lies in memory. Of the threads that ask at the same
/// time, one goes after the other. It is read before each answer from memory, so the statement is the system library's own: what stands
/// around it elsewhere would cost several times as much.
final class SQLitePromptRevision: PromptRevision {
    /// A connection and its one statement. Used by whoever has the lock.
    private struct Reading: @unchecked Sendable {
        var connection: OpaquePointer?
        var statement: OpaquePointer?

        mutating func close() {
            sqlite3_finalize(statement)
            sqlite3_close(connection)
            self = Reading()
        }
    }

    private let reading: Mutex<Reading>

    /// - Parameter path: a database that is open in this process.
    /// - Throws: ``LivepatchError`` with the code `database-unavailable`.
    init(path: String) throws {
        var reading = Reading()
        let opened = sqlite3_open_v2(path, &reading.connection, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, nil)
        // No time to wait: the few moments in which even a reader would have to are somebody else's.
        let prepared =
            opened == SQLITE_OK
            ? sqlite3_prepare_v3(
                reading.connection, CatalogueRow.revisionQuery, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &reading.statement, nil)
            : opened
        guard prepared == SQLITE_OK else {
            reading.close()
            throw LivepatchError(
                .databaseUnavailable,
                "The database '\(path)' cannot be read by a second connection: \(String(cString: sqlite3_errstr(prepared))).")
        }
        self.reading = Mutex(reading)
    }

    deinit { close() }

    func revisionAtOnce() -> CatalogRevision? {
        reading.withLock { reading in
            guard let statement = reading.statement else { return nil }
            defer { sqlite3_reset(statement) }
            guard sqlite3_step(statement) == SQLITE_ROW else { return nil }
            return CatalogRevision(rawValue: sqlite3_column_int64(statement, 0))
        }
    }

    func close() { reading.withLock { $0.close() } }
}
