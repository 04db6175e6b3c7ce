import Synchronization

/// A repository in memory, which clients in the same process can fetch from.
public final class MemoryRepositoryStorage: RepositoryStorage, RepositoryFetcher {
    private let files = Mutex<[RepositoryFile: [UInt8]]>([:])

    public init() {}

    /// All files.
    public var contents: [RepositoryFile: [UInt8]] { files.withLock { $0 } }

    public func read(_ file: RepositoryFile) async throws -> [UInt8]? { files.withLock { $0[file] } }

    public func write(_ bytes: [UInt8], as file: RepositoryFile) async throws { files.withLock { $0[file] = bytes } }

    /// Takes a file away.
    public func remove(_ file: RepositoryFile) { files.withLock { $0[file] = nil } }

    public func fetch(_ file: RepositoryFile, into receiver: FileReceiver) async throws -> Bool {
        guard let bytes = files.withLock({ $0[file] }) else { return false }
        try receiver.receive(bytes)
        return true
    }
}
