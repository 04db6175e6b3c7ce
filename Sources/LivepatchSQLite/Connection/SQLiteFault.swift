import GRDB
import LivepatchKit

/// What SQLite's result codes mean to the person who runs the server.
enum SQLiteFault {
    /// The error as callers get it: their own errors and cancellations as they are, SQLite's as a ``LivepatchError``.
    static func explain(_ error: any Error, path: String) -> any Error {
        guard let error = error as? DatabaseError else { return error }
        switch error.resultCode {
        case .SQLITE_FULL:
            return LivepatchError(
                .storageFull, "The database '\(path)' cannot grow: there is no room left on its disk.",
                suggestion: "Nothing was changed; free some space and repeat.", cause: error)
        case .SQLITE_BUSY, .SQLITE_LOCKED:
            return unavailable(
                "The database '\(path)' is held by another process.", "Nothing was changed; repeat when that process is done.",
                error)
        case .SQLITE_NOTADB:
            return foreign(path, "it is not an SQLite database", cause: error)
        case .SQLITE_CORRUPT:
            return damaged(path, words(error), cause: error)
        case .SQLITE_READONLY, .SQLITE_PERM, .SQLITE_AUTH:
            return unavailable(
                "The database '\(path)' cannot be written: the file, its directory or its disk is read-only for this process.",
                "Let the user that runs this process write to the file and to its directory.", error)
        case .SQLITE_CANTOPEN:
            return unavailable(
                "The database '\(path)' cannot be opened.",
                "See that it is a file, and that the user that runs this process can read and write it and its directory.",
                error)
        case .SQLITE_IOERR:
            return unavailable(
                "The database '\(path)' cannot be read or written: its disk reports an error (\(words(error))).",
                "Look at the system's log; a network file system may not be fit for a database.", error)
        case .SQLITE_NOMEM:
            return unavailable("There is not enough memory for the database '\(path)'.", "Nothing was changed.", error)
        case .SQLITE_MISUSE:
            return unavailable(
                "The database '\(path)' has been closed.", "This happens while a server stops; repeat when it is up again.",
                error)
        case .SQLITE_INTERRUPT, .SQLITE_ABORT:
            return LivepatchError(.cancelled, "The access to the database was cancelled; nothing was changed.", cause: error)
        default:
            return LivepatchError(
                .internalFault, "The database '\(path)' refused a statement (\(words(error))).",
                suggestion: "Nothing was changed; please report this.", cause: error)
        }
    }

    static func foreign(_ path: String, _ reason: String, cause: (any Error)? = nil) -> LivepatchError {
        LivepatchError(
            .databaseForeign, "The file '\(path)' is not a database of this system: \(reason).",
            suggestion: "It was left as it is; choose another path, or move the file away.", cause: cause)
    }

    static func damaged(_ path: String, _ reason: String, cause: (any Error)? = nil) -> LivepatchError {
        LivepatchError(
            .databaseUnavailable, "The database '\(path)' is damaged (\(reason)).",
            suggestion: "Stop the server and restore the file from a backup; a downstream can also move it away and sync again.",
            cause: cause)
    }

    /// A row that no release of this system writes.
    static func damagedRow(_ reason: String) -> LivepatchError {
        LivepatchError(
            .databaseUnavailable, "The database is damaged: \(reason).",
            suggestion: "Stop the server and restore the file from a backup; a downstream can also move it away and sync again.")
    }

    private static func unavailable(_ message: String, _ suggestion: String, _ cause: DatabaseError) -> LivepatchError {
        LivepatchError(.databaseUnavailable, message, suggestion: suggestion, cause: cause)
    }

    private static func words(_ error: DatabaseError) -> String {
        "SQLite \(error.extendedResultCode.rawValue): \(error.message ?? "no further words")"
    }
}
