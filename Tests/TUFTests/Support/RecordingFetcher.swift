import Synchronization
import TUF

/// Fetches from a storage, remembers what was asked for, and spoils what it is told to.
final class RecordingFetcher: RepositoryFetcher {
    typealias Spoiling = @Sendable (RepositoryFile, FileReceiver) async throws -> Bool?

    private let storage: any RepositoryFetcher
    private let asked = Mutex<[String]>([])
    private let spoiling = Mutex<Spoiling?>(nil)

    init(_ storage: any RepositoryFetcher) { self.storage = storage }

    /// The paths asked for since the last time.
    func takeRequests() -> [String] {
        asked.withLock { paths in
            defer { paths = [] }
            return paths
        }
    }

    /// From now on this answers; where it returns `nil`, the storage does.
    func spoil(_ body: Spoiling?) { spoiling.withLock { $0 = body } }

    func fetch(_ file: RepositoryFile, into receiver: FileReceiver) async throws -> Bool {
        asked.withLock { $0.append(file.path) }
        if let spoil = spoiling.withLock({ $0 }), let answer = try await spoil(file, receiver) { return answer }
        return try await storage.fetch(file, into: receiver)
    }
}
