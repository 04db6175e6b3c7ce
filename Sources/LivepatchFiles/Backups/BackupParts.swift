public import LivepatchKit

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The small files below a directory, as a backup takes them along: all of them in memory, so that nothing changes under the reader.
public struct DirectoryBackupPart: BackupPart {
    /// More than a file of keys, trust or lists has, in bytes.
    private static let limit = 256 << 20

    private let folder: Folder
    private let lock: DirectoryLock?
    private let member: @Sendable (String) -> BackupMember
    private let lanes = BlockingLanes("livepatch.backup", count: 1)

    /// - Parameters:
    ///   - path: the directory; one that is not there holds nothing.
    ///   - lock: keeps whoever writes there away meanwhile.
    ///   - member: what a file is called in the backup, by its path below the directory.
    public init(_ path: String, lock: DirectoryLock? = nil, as member: @escaping @Sendable (String) -> BackupMember) {
        folder = Folder(path)
        self.lock = lock
        self.member = member
    }

    public func open() async throws -> [BackupEntry] {
        guard let lock, try await lanes.run({ [folder] in try folder.exists() }) else { return try await read() }
        return try await lock.withExclusive { try await read() }
    }

    private func read() async throws -> [BackupEntry] {
        try await lanes.run { [folder, member] in
            var entries: [BackupEntry] = []
            var open = [""]
            while let below = open.popLast() {
                for name in try Folder(folder.path + below).names() {
                    let path = "\(below)/\(name)"
                    switch try FileKind(at: folder.path + path) {
                    case .directory: open.append(path)
                    // What an interrupted write left, what marks a lock, and what is about to be deleted is no part of the state.
                    case .file where name.hasSuffix(".tmp") || name.hasSuffix(".lock") || path.contains("/."): continue
                    case .file:
                        guard let bytes = try SmallFile.read(folder.path + path, limit: Self.limit) else { continue }
                        entries.append(BackupEntry(member(String(path.dropFirst())), BytesInMemory(bytes)))
                    case .other: continue
                    }
                }
            }
            return entries.sorted { $0.member.name < $1.member.name }
        }
    }
}

/// The database as it is at one moment, copied into a file that has no name any more when it is read.
public struct SnapshotBackupPart: BackupPart {
    private let folder: Folder
    private let bytes: @Sendable () async throws -> Int64
    private let copy: @Sendable (String) async throws -> Void
    private let lanes = BlockingLanes("livepatch.snapshot", count: 1)

    /// - Parameters:
    ///   - path: the directory of the copies, which is made; what a killed process left there is deleted.
    ///   - bytes: how long a copy will be.
    ///   - copy: makes it, in a new file.
    public init(
        in path: String, bytes: @escaping @Sendable () async throws -> Int64,
        copy: @escaping @Sendable (String) async throws -> Void
    ) {
        folder = Folder(path)
        self.bytes = bytes
        self.copy = copy
    }

    public func open() async throws -> [BackupEntry] {
        let needed = try await bytes()
        let path = try await lanes.run { [folder] in
            try folder.makePrivate()
            for name in try folder.names() { try folder.delete(name) }
            let free = try folder.freeBytes()
            guard free > needed else {
                throw LivepatchError(
                    .storageFull,
                    "A backup needs room for a copy of the database for as long as it is taken: \(needed) bytes, and '\(folder.path)' has \(free).",
                    suggestion: "Free some space there and repeat.")
            }
            return folder.file("\(String(UInt64.random(in: .min ... .max), radix: 16)).db")
        }
        do {
            try await copy(path)
        } catch {
            unlink(path)
            throw error
        }
        return try await lanes.run {
            defer { for suffix in ["", "-wal", "-shm", "-journal"] { unlink(path + suffix) } }
            return [BackupEntry(.database, try OpenContent(OpenFile(path, for: .reading)))]
        }
    }
}

/// What lies under a name.
enum FileKind {
    case file
    case directory
    case other

    /// A link is not followed.
    init(at path: String) throws(FileFault) {
        var status = stat()
        guard lstat(path, &status) == 0 else { throw .last("look at", path) }
        switch status.st_mode & S_IFMT {
        case S_IFREG: self = .file
        case S_IFDIR: self = .directory
        default: self = .other
        }
    }
}
