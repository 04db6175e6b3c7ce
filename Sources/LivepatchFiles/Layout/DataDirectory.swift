/// What lies where in a server's data directory, for all programs that share it:
/// ```
/// livepatch.db     the database, and its -wal and -shm
/// server.lock      held by the server that serves the directory
/// sync.lock        held by whoever syncs into it: the server, or livepatch-sync
/// keys/            the private keys with which the server signs, and the one under which it hashes machines' ids
/// trust/           what it has signed, and what it trusts of its upstream's
/// bundles/         which bundles were created from here last
/// backup/          a copy of the database while a backup is taken
/// content/ staging/ incoming/ storage.lock    the patch storage, unless it has a directory of its own
/// ```
public struct DataDirectory: Hashable, Sendable {
    public let path: String
    /// The directory of the patch storage and of its drop folder.
    public let patches: String

    /// - Parameter patches: the patch storage's own directory; `nil` for the data directory.
    public init(_ path: String, patches: String? = nil) {
        self.path = path
        self.patches = patches ?? path
    }

    /// The database's file.
    public var database: String { "\(path)/livepatch.db" }

    /// The directory of the private keys; see ``DirectoryTrustKeyStore`` and ``MachineKeyFile``.
    public var keys: String { "\(path)/keys" }

    /// The directory of webhooks' secrets; see ``DirectoryWebhookSecrets``.
    public var webhookSecrets: String { "\(keys)/webhooks" }

    /// The directory of signed metadata; see ``DirectoryTrustStorage``.
    public var trust: String { "\(path)/trust" }

    /// The directory of the lists of bundles; see ``BundleLedger``.
    public var bundles: String { "\(path)/bundles" }

    /// The directory of copies of the database for as long as a backup is taken; see ``SnapshotBackupPart``.
    public var backupCopies: String { "\(path)/backup" }

    /// Where people put patch files to be taken in by a refresh.
    public var dropFolder: String { "\(patches)/incoming" }

    /// The lock that keeps a second server away. Makes the directory where it is missing.
    /// - Throws: ``LivepatchError`` with the code `storage-unavailable` or `storage-full`.
    public func serverLock() throws -> DirectoryLock {
        try DirectoryLock(in: path, name: "server.lock", subject: "data directory")
    }

    /// The lock that keeps two syncs apart, whichever programs run them.
    /// - Throws: ``LivepatchError`` with the code `storage-unavailable` or `storage-full`.
    public func syncLock() throws -> DirectoryLock { try DirectoryLock(in: path, name: "sync.lock", subject: "sync") }

    /// The lock that keeps two programs from publishing signed metadata at the same time.
    /// - Throws: ``LivepatchError`` with the code `storage-unavailable` or `storage-full`.
    public func publicationLock() throws -> DirectoryLock {
        try DirectoryLock(in: trust, name: "publication.lock", subject: "signed metadata")
    }

    /// The lock of the patch storage.
    /// - Throws: ``LivepatchError`` with the code `storage-unavailable` or `storage-full`.
    public func storageLock() throws -> DirectoryLock { try DirectoryLock(in: patches) }
}
