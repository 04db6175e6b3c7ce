import FoundationEssentials
import LivepatchKit

/// A new backup's place.
enum BackupFile {
    /// - Throws: ``LivepatchError`` with the code `already-exists`: nobody overwrites the only good backup with one that breaks off.
    static func requireAbsent(_ path: String) throws {
        guard !FileManager.default.fileExists(atPath: path) else {
            throw LivepatchError(
                .alreadyExists, "'\(path)' exists and is not overwritten.",
                suggestion: "Choose another file, or delete this one first.")
        }
    }
}
