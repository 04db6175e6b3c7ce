import LivepatchKit

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The first bytes of a database file (SQLite's "Database File Format", section 1.3), read before SQLite opens it: opening makes files
/// beside it, and closing may change it.
enum DatabaseHeader {
    private static let length = 100
    private static let magic = Array("SQLite format 3\0".utf8)

    private enum Field {
        static let pageSize = 16
        static let changes = 24
        static let pages = 28
        static let application = 68
        static let pagesValidFor = 92
    }

    /// A file that is empty or not there is none of another program's.
    ///
    /// For a process that has not opened the database yet: closing a file gives up all locks that the process has on it (POSIX), those
    /// of SQLite among them.
    /// - Throws: ``LivepatchError`` with the codes `database-foreign` and `database-unavailable`.
    static func check(_ path: String) throws {
        guard let file = try File(path), file.length > 0 else { return }
        let header = try file.read(length)
        guard header.count == length, header.starts(with: magic) else {
            throw SQLiteFault.foreign(path, "it is not an SQLite database, or its beginning was overwritten")
        }
        func number(_ offset: Int) -> Int64 { header[offset..<offset + 4].reduce(0) { $0 << 8 | Int64($1) } }
        let application = number(Field.application)
        guard application == 0 || application == Int64(SchemaInspection.applicationID) else {
            throw SQLiteFault.foreign(path, "it is the SQLite database of another program")
        }
        // With a log beside it the file may be shorter for a while.
        guard try File("\(path)-wal")?.length ?? 0 == 0, number(Field.changes) == number(Field.pagesValidFor) else { return }
        let field = Int64(header[Field.pageSize]) << 8 | Int64(header[Field.pageSize + 1])
        let whole = number(Field.pages) * (field == 1 ? 65536 : field)
        guard file.length >= whole else {
            throw SQLiteFault.damaged(path, "it was cut off: it has \(file.length) of \(whole) bytes")
        }
    }

    private final class File {
        private let descriptor: Int32
        let length: Int64
        private let path: String

        /// - Returns: `nil` if there is none.
        init?(_ path: String) throws {
            self.path = path
            descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
            guard descriptor >= 0 else {
                length = 0
                if errno == ENOENT { return nil }
                throw Self.fault("opened", path)
            }
            var status = stat()
            guard fstat(descriptor, &status) == 0 else {
                length = 0
                throw Self.fault("opened", path)
            }
            guard status.st_mode & S_IFMT == S_IFREG else {
                length = 0
                throw LivepatchError(
                    .databaseUnavailable, "The database '\(path)' cannot be opened: it is not a regular file.",
                    suggestion: "See that it is a file, and give the server another data directory if it is not its own.")
            }
            length = Int64(status.st_size)
        }

        deinit { if descriptor >= 0 { close(descriptor) } }

        func read(_ count: Int) throws -> [UInt8] {
            var bytes = [UInt8](repeating: 0, count: count)
            let taken = pread(descriptor, &bytes, count, 0)
            guard taken >= 0 else { throw Self.fault("read", path) }
            return Array(bytes.prefix(taken))
        }

        private static func fault(_ attempt: String, _ path: String) -> LivepatchError {
            LivepatchError(
                .databaseUnavailable, "The database '\(path)' cannot be \(attempt): \(String(cString: strerror(errno))).",
                suggestion:
                    "See that it is a file, and that the user that runs this process can read and write it and its directory.")
        }
    }
}
