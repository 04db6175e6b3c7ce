import Synchronization

/// Fetches one file within bounds of length and time.
struct Transfer {
    let fetcher: any RepositoryFetcher
    let limits: ClientLimits

    /// - Returns: `nil` if the repository has no such file.
    /// - Throws: ``TUFError`` with code ``TUFError/Code/tooLong`` or ``TUFError/Code/tooSlow``, or what the fetcher throws.
    func document(_ file: RepositoryFile, maximumLength: Int) async throws -> [UInt8]? {
        let document = Document()
        let isThere = try await pieces(file, maximumLength: maximumLength) { document.append($0) }
        return isThere ? document.bytes : nil
    }

    /// - Returns: `false` if the repository has no such file.
    func pieces(
        _ file: RepositoryFile, maximumLength: Int, take: @escaping @Sendable ([UInt8]) throws -> Void
    ) async throws -> Bool {
        let receiver = FileReceiver(file, maximumLength: maximumLength, take: take)
        // Whoever goes on sending after the time is up finds nobody who listens.
        defer { receiver.close() }
        let time = limits.time(for: maximumLength)
        let fetcher = fetcher
        return try await withThrowingTaskGroup(of: Bool?.self) { group in
            group.addTask { try await fetcher.fetch(file, into: receiver) }
            group.addTask {
                try await Task.sleep(for: time)
                return nil
            }
            defer { group.cancelAll() }
            guard let outcome = try await group.next(), let isThere = outcome else {
                throw TUFError(.tooSlow, "“\(file.path)” did not come within \(time).")
            }
            return isThere
        }
    }

    private final class Document: Sendable {
        private let content = Mutex<[UInt8]>([])

        var bytes: [UInt8] { content.withLock { $0 } }

        func append(_ piece: [UInt8]) { content.withLock { $0.append(contentsOf: piece) } }
    }
}
