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
    static func createIfMissing(_ path: String) throws {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        if descriptor >= 0 {
            close(descriptor)
        } else if errno != EEXIST {
            let reason = String(cString: strerror(errno))
            throw LivepatchError(
                .databaseUnavailable, "The database '\(path)' cannot be created: \(reason).",
                suggestion: "Create its directory, and let the user that runs this process write in it.")
        }
    }
}
