import Synchronization

/// Takes in a file that comes piece by piece, and no more of it than is allowed.
public final class FileReceiver: Sendable {
    /// How many bytes the file may have.
    public let maximumLength: Int
    private let file: RepositoryFile
    private let state = Mutex((length: 0, isOpen: true))
    private let take: @Sendable ([UInt8]) throws -> Void

    init(_ file: RepositoryFile, maximumLength: Int, take: @escaping @Sendable ([UInt8]) throws -> Void) {
        self.file = file
        self.maximumLength = maximumLength
        self.take = take
    }

    /// Takes the next bytes.
    /// - Throws: ``TUFError`` with code ``TUFError/Code/tooLong`` if they are too many; the transfer should end then.
    public func receive(_ bytes: [UInt8]) throws {
        try state.withLock { state in
            guard state.isOpen, bytes.count <= maximumLength - state.length else {
                state.isOpen = false
                throw TUFError(.tooLong, "“\(file.path)” is longer than the \(maximumLength) bytes that it may have.")
            }
            state.length += bytes.count
            try take(bytes)
        }
    }

    /// Nothing more is taken from here on.
    func close() { state.withLock { $0.isOpen = false } }
}
