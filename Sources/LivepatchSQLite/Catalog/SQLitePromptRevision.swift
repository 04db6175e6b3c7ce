import GRDB
import LivepatchKit

/// Reads the catalogue's revision on the thread that asks.
///
/// In a database with a write-ahead log a reader waits for nobody; what it reads here lies in memory. Of the threads that ask at the same
/// time, one goes after the other.
final class SQLitePromptRevision: PromptRevision {
    private let connection: DatabaseQueue

    /// - Parameter path: a database that is open in this process.
    init(path: String) throws {
        var configuration = SQLiteDatabase.configuration(patience: 0)
        configuration.label = "livepatch-revision"
        configuration.readonly = true
        // The few moments in which even a reader would have to wait are somebody else's.
        configuration.busyMode = .immediateError
        connection = try DatabaseQueue(path: path, configuration: configuration)
    }

    func revisionAtOnce() -> CatalogRevision? { try? connection.unsafeRead { try CatalogueRow($0).revision() } }

    func close() { try? connection.close() }
}
