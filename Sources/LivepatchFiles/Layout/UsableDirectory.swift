import LivepatchKit

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Whether this process could work in a directory, found out without a change to anything.
public enum UsableDirectory {
    /// The least room that a server begins with, in bytes.
    private static let leastRoom: Int64 = 128 << 10

    /// Looks at a directory and some files in it, or at where it would be made.
    /// - Parameter names: files and directories in it that have to be readable and writable, if they are there.
    /// - Throws: ``LivepatchError`` with the codes `storage-unavailable` and `storage-full`.
    public static func require(_ path: String, with names: [String] = []) throws {
        do throws(FileFault) {
            var folder = Folder(path)
            while try !exists(folder), folder.above != folder { folder = folder.above }
            let isThere = folder.path == Folder(path).path
            if isThere { try access(folder.path, R_OK | W_OK | X_OK) } else { try access(folder.path, W_OK | X_OK) }
            if isThere {
                for name in names where try exists(Folder(folder.file(name))) { try access(folder.file(name), R_OK | W_OK) }
            }
            guard try folder.freeBytes() >= leastRoom else {
                throw FileFault(number: ENOSPC, attempt: "write in", path: path)
            }
        } catch {
            throw error.number == ENOTDIR ? notDirectory(error.path) : error.error
        }
    }

    /// Whether a lock is held by a process, without taking it.
    public static func isLocked(_ path: String) -> Bool {
        guard let file = try? OpenFile(path, for: .reading) else { return false }
        return (try? file.tryLock(exclusively: false)) == false
    }

    /// - Throws: `ENOTDIR` where something above is a file.
    private static func exists(_ folder: Folder) throws(FileFault) -> Bool {
        var status = stat()
        if stat(folder.path, &status) == 0 { return true }
        if errno == ENOENT { return false }
        throw FileFault(number: errno, attempt: "use", path: folder.path)
    }

    private static func access(_ path: String, _ mode: Int32) throws(FileFault) {
        var status = stat()
        guard stat(path, &status) == 0 else { throw .last("use", path) }
        if mode & X_OK != 0, status.st_mode & S_IFMT != S_IFDIR {
            throw FileFault(number: ENOTDIR, attempt: "use", path: path)
        }
        // The effective user counts, not who called the program.
        guard faccessat(AT_FDCWD, path, mode, AT_EACCESS) == 0 else { throw .last("write in", path) }
    }

    private static func notDirectory(_ path: String) -> LivepatchError {
        LivepatchError(
            .storageUnavailable, "'\(path)' is not a directory, or something above it is none.",
            suggestion: "Give the server a directory for its data with --data-dir; it is made if it is missing.")
    }
}
