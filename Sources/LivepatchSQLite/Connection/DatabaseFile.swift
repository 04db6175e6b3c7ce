import LivepatchKit

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The database as a file.
enum DatabaseFile {
    /// Creates an empty file that only its owner can read and write, for it will hold hashes of passwords and tokens. SQLite gives
    /// the same mode to the files beside it.
    static func createIfMissing(_ path: String) throws { _ = try create(path) }

    /// Creates such a file.
    /// - Returns: `false` if there is something of that name.
    static func create(_ path: String) throws -> Bool {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor < 0 else {
            close(descriptor)
            return true
        }
        guard errno != EEXIST else { return false }
        let reason = String(cString: strerror(errno))
        throw LivepatchError(
            errno == ENOSPC ? .storageFull : .databaseUnavailable, "The database '\(path)' cannot be created: \(reason).",
            suggestion: "Create its directory, and let the user that runs this process write in it.")
    }

    /// Whether SQLite's log lies beside a file.
    static func hasLog(_ path: String) -> Bool { access("\(path)-wal", F_OK) == 0 }

    /// How many bytes may still be written beside a file.
    static func freeBytes(besides path: String) throws -> Int64 {
        var status = statvfs()
        guard statvfs(path, &status) == 0 else { throw fault("asked for free space", path) }
        let (bytes, overflow) = UInt64(status.f_bavail).multipliedReportingOverflow(by: UInt64(status.f_frsize))
        return overflow ? .max : Int64(clamping: bytes)
    }

    /// Brings a file to the medium and gives it another name.
    static func place(_ file: String, at path: String) throws {
        try flush(file)
        guard rename(file, path) == 0 else { throw fault("named", path) }
        let folder = path.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
        try flush(folder.isEmpty ? (path.hasPrefix("/") ? "/" : ".") : folder)
    }

    /// Takes away a file, and what SQLite left beside it.
    static func remove(_ path: String) {
        for suffix in ["", "-wal", "-shm", "-journal"] { unlink(path + suffix) }
    }

    private static func flush(_ path: String) throws {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw fault("opened", path) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw fault("brought to the medium", path) }
    }

    private static func fault(_ attempt: String, _ path: String) -> LivepatchError {
        LivepatchError(
            errno == ENOSPC ? .storageFull : .databaseUnavailable,
            "The database '\(path)' cannot be \(attempt): \(String(cString: strerror(errno))).",
            suggestion: "Look at its directory's permissions and at the disk.")
    }
}
