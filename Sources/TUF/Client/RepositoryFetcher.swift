/// Gets a repository's files, over whatever protocol.
public protocol RepositoryFetcher: Sendable {
    /// Hands over a file's bytes in order, in pieces of any length.
    ///
    /// The one who asks counts the bytes and the time: ``FileReceiver/receive(_:)`` throws when there are too many, and the task
    /// is cancelled when it takes too long. Let the error pass, and heed the cancellation.
    /// - Returns: `false` if the repository has no such file (for HTTP: 404, or 403 as some storages say it).
    /// - Throws: whatever else is wrong, and what the receiver throws.
    func fetch(_ file: RepositoryFile, into receiver: FileReceiver) async throws -> Bool
}
