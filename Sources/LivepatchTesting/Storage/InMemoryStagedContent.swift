import LivepatchKit
import Synchronization

/// Content on its way into an ``InMemoryPatchStorage``, whose digest is known.
final class InMemoryStagedContent: StagedContent {
    private let storage: InMemoryPatchStorage
    private let digest: SHA256Digest
    private let length: Int64
    private let ended = Mutex(false)

    init(storage: InMemoryPatchStorage, digest: SHA256Digest, length: Int64) {
        self.storage = storage
        self.digest = digest
        self.length = length
    }

    deinit { end() }

    var arrived: Int64 { get async { ended.withLock { $0 } ? 0 : storage.arrived(digest) } }

    func open() async throws -> any StoredContentReader {
        try requireOpen()
        return Reader(storage: storage, digest: digest, length: length)
    }

    /// Reads what has arrived, and afterwards what is held.
    private struct Reader: StoredContentReader {
        let storage: InMemoryPatchStorage
        let digest: SHA256Digest
        let length: Int64

        func read(at offset: Int64, count: Int) throws -> [UInt8] {
            guard offset >= 0, offset < length, count > 0 else { return [] }
            return Array(storage.bytes(digest).dropFirst(Int(offset)).prefix(count))
        }

        func close() {}
    }

    func append(_ bytes: [UInt8]) async throws {
        try requireOpen()
        try storage.append(bytes, to: digest, length: length)
    }

    func restart() async throws {
        try requireOpen()
        storage.discard(digest)
    }

    func finish() async throws {
        try requireOpen()
        try storage.finish(digest, length: length)
        end()
    }

    func close() async { end() }

    func discard() async {
        guard !ended.withLock({ $0 }) else { return }
        storage.discard(digest)
        end()
    }

    private func requireOpen() throws {
        guard !ended.withLock({ $0 }) else {
            throw LivepatchError(.internalFault, "The content \(digest) is written to after it was finished or closed.")
        }
    }

    private func end() {
        let first = ended.withLock { ended in
            defer { ended = true }
            return !ended
        }
        if first { storage.release(digest) }
    }
}
