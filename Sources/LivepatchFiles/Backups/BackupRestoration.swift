import FoundationEssentials
public import LivepatchKit

/// Puts a backup into an empty data directory, or into one that holds patch files alone: these are what their names say, and stay.
///
/// Everything is verified before anything is written. The files are written into `restoring/`, brought to the medium, and then
/// renamed into place, the database last. A process that is killed leaves that directory, at the sight of which no server starts
/// and another restoration begins anew.
public struct BackupRestoration: Sendable {
    private static let staging = "restoring"
    /// What restoring puts into a data directory, the last one last.
    private static let parts = ["trust", "bundles", "keys", BackupMember.databaseName]
    /// What may be there before: a file system's own, the mark of a server that has ended, and the patch storage.
    private static let strangers: Set<String> = [
        "lost+found", "server.lock", "content", "staging", "incoming", "storage.lock",
    ]
    /// What an interrupted restoration may have left besides.
    private static let leftovers: Set<String> = Set(parts).union([staging])

    private let backup: Backup
    private let directory: DataDirectory
    private let root: Folder
    private let key: BackupKey?
    private let checkDatabase: @Sendable (String) throws -> Void

    /// - Parameters:
    ///   - key: decrypts the keys; `nil` to leave them out.
    ///   - checkDatabase: whether a file is a database that this release can open; throws the error if not.
    public init(
        _ backup: Backup, into directory: DataDirectory, key: BackupKey?,
        checkDatabase: @escaping @Sendable (String) throws -> Void
    ) {
        self.backup = backup
        self.directory = directory
        root = Folder(directory.path)
        self.key = key
        self.checkDatabase = checkDatabase
    }

    /// Refuses a data directory whose restoration was interrupted.
    /// - Throws: ``LivepatchError`` with the code `restore-refused`.
    public static func requireNoneInterrupted(in directory: DataDirectory) throws {
        guard FileManager.default.fileExists(atPath: "\(directory.path)/\(staging)") else { return }
        throw LivepatchError(
            .restoreRefused, "A restoration into '\(directory.path)' was interrupted: only a part of the backup is there.",
            suggestion: "Run `livepatch-server restore` with that directory again; it begins anew.")
    }

    /// Verifies all of the backup, and puts it in place.
    /// - Parameter progress: told of bytes that have been verified or written since it was told last; all of them pass twice.
    /// - Throws: ``LivepatchError`` with the codes `restore-refused`, `backup-invalid`, `backup-locked`, `storage-full`,
    ///   `storage-unavailable`, `database-newer`. What was written is taken away again then, but for patch files.
    public func run(progress: @escaping @Sendable (Int64) -> Void = { _ in }) async throws {
        do {
            let wasInterrupted = try requireEmpty()
            try await backup.verify(key: key, progress: progress)
            try requireRoom()
            let done: Void? = try await directory.serverLock().tryExclusive {
                if wasInterrupted { try clear() }
                try await put(progress)
            }
            guard done != nil else {
                throw LivepatchError(
                    .storageBusy, "A livepatch-server is using the data directory '\(directory.path)'.",
                    suggestion: "Restore into another directory, or stop that server and move its data away.")
            }
        } catch let fault as FileFault {
            throw fault.error
        }
    }

    /// - Returns: whether an interrupted restoration left something.
    private func requireEmpty() throws -> Bool {
        let names = Set(try root.names()).subtracting(Self.strangers)
        let isInterrupted = names.contains(Self.staging)
        let others = isInterrupted ? names.subtracting(Self.leftovers) : names
        guard others.isEmpty else {
            throw LivepatchError(
                .restoreRefused,
                "The directory '\(directory.path)' is not empty: it holds \(others.sorted().prefix(4).map { "'\($0)'" }.joined(separator: ", ")).",
                suggestion: "Nothing was changed. Restore into an empty or a new directory, or move away what is there.")
        }
        return isInterrupted
    }

    private func requireRoom() throws {
        let (files, contents) = (bytes { !$0.isContent }, bytes { $0.isContent })
        let needs =
            directory.path == directory.patches
            ? [(directory.path, files + contents)] : [(directory.path, files), (directory.patches, contents)]
        for (path, bytes) in needs {
            var there = Folder(path)
            while try !there.exists(), there.above != there { there = there.above }
            let free = try there.freeBytes()
            guard free > bytes else {
                throw LivepatchError(
                    .storageFull, "'\(path)' has room for \(free) bytes, and the backup has \(bytes) for it.",
                    suggestion: "Nothing was changed; restore to where there is more room.")
            }
        }
    }

    private func bytes(_ isMeant: (BackupMember) -> Bool) -> Int64 {
        members.reduce(0) { isMeant($1.kind) ? $0 + $1.member.length : $0 }
    }

    private var members: [(member: BackupManifest.Member, kind: BackupMember)] {
        backup.manifest.members.compactMap { member in BackupMember(name: member.name).map { (member, $0) } }
    }

    @concurrent private func put(_ progress: @Sendable (Int64) -> Void) async throws {
        let staging = root.folder(Self.staging)
        do {
            try staging.makePrivate()
            let storage = try DirectoryPatchStorage(at: directory.patches)
            for (member, kind) in members {
                try Task.checkCancellation()
                switch kind {
                case .content(let digest): try await put(digest, member, into: storage)
                case .key:
                    guard let key else { continue }
                    try write(member, in: staging, mode: 0o600) { [try backup.key(member, with: key)] }
                case .database: try write(member, in: staging, mode: 0o600)
                case .trust, .bundles: try write(member, in: staging, mode: 0o640)
                }
                progress(member.length)
            }
            try await storage.synchronize()
            try checkDatabase(staging.file(BackupMember.databaseName))
            for name in Self.parts where try staging.folder(name).exists() {
                guard FileCalls.system.rename(staging.file(name), root.file(name)) == 0 else {
                    throw FileFault.last("create", root.file(name))
                }
            }
            try root.flush(calls: .system)
            try FileManager.default.removeItem(atPath: staging.path)
            try root.flush(calls: .system)
        } catch {
            try? clear()
            throw error
        }
    }

    private func put(_ digest: SHA256Digest, _ member: BackupManifest.Member, into storage: DirectoryPatchStorage) async throws {
        guard try await storage.length(of: digest) == nil else { return }
        let staged = try await storage.stage(digest, length: member.length)
        try await staged.restart()
        var offset: Int64 = 0
        while offset < member.length {
            let bytes = try backup.read(member, at: offset, count: 1 << 20)
            offset += Int64(bytes.count)
            try await staged.append(bytes)
        }
        try await staged.finish()
    }

    private func write(
        _ member: BackupManifest.Member, in staging: Folder, mode: UInt32, bytes: (() throws -> [[UInt8]])? = nil
    ) throws {
        let path = staging.file(member.name)
        let made = try Folder(path).above.makeAll(mode: mode == 0o600 ? 0o700 : 0o750)
        let file = try OpenFile(path, for: .creating, mode: 0o600)
        var offset: Int64 = 0
        func append(_ bytes: [UInt8]) throws {
            if let fault = file.write(bytes, at: offset, calls: .system).fault { throw fault }
            offset += Int64(bytes.count)
        }
        if let bytes {
            for piece in try bytes() { try append(piece) }
        } else {
            try backup.pieces(of: member, append)
        }
        try file.changeMode(mode)
        try file.flush(calls: .system)
        for folder in made + [Folder(path).above] { try folder.flush(calls: .system) }
    }

    /// Takes away what a restoration has put here, that mark last. Content stays: it is what its name says.
    private func clear() throws {
        for name in Self.parts + [Self.staging] where try root.folder(name).exists() {
            try FileManager.default.removeItem(atPath: root.file(name))
            try root.flush(calls: .system)
        }
    }
}

extension BackupMember {
    fileprivate var isContent: Bool {
        if case .content = self { true } else { false }
    }
}
