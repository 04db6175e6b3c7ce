import Synchronization

/// How much of one file has been counted, so that nothing is counted twice.
final class SentBytes: Sendable {
    private let counted = Mutex<Int64>(0)

    /// - Returns: how much more it is than before; negative if the file turns out to be shorter.
    func advance(to bytes: Int64) -> Int64 {
        counted.withLock { counted in
            defer { counted = bytes }
            return bytes - counted
        }
    }
}
