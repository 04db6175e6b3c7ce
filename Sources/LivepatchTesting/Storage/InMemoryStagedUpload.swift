import LivepatchKit
import Synchronization

/// Content on its way into an ``InMemoryPatchStorage``, whose digest becomes known at its end.
final class InMemoryStagedUpload: StagedUpload {
    private struct State: Sendable {
        var bytes: [UInt8] = []
        var sealed: StoredContent?
        var ended = false
    }

    private let storage: InMemoryPatchStorage
    private let limit: Int64
    private let state = Mutex(State())

    init(storage: InMemoryPatchStorage, limit: Int64) {
        self.storage = storage
        self.limit = limit
    }

    deinit {
        // An upload that is dropped half way takes no room.
        state.withLock { if !$0.ended { storage.releaseUpload($0.bytes.count) } }
    }

    func append(_ bytes: [UInt8]) async throws {
        let offset = state.withLock { Int64($0.bytes.count) }
        guard Int64(bytes.count) <= limit - offset else {
            throw LivepatchError(.patchTooLarge, "The upload is larger than the \(limit) bytes that are allowed.")
        }
        let fitting = try storage.reserveUpload(bytes.count, offset: offset)
        state.withLock { $0.bytes += bytes.prefix(fitting) }
        guard fitting == bytes.count else { throw storage.full() }
    }

    func seal() async throws -> StoredContent {
        state.withLock { state in
            let content = StoredContent(digest: SHA256Digest(of: state.bytes), length: Int64(state.bytes.count))
            state.sealed = content
            return content
        }
    }

    func open() async throws -> any StoredContentReader { InMemoryContentReader(bytes: state.withLock { $0.bytes }) }

    func keep() async throws {
        let (bytes, sealed, ended) = state.withLock { ($0.bytes, $0.sealed, $0.ended) }
        guard !ended else { return }
        guard let sealed else {
            throw LivepatchError(.internalFault, "An upload was to be kept before it was sealed.")
        }
        try storage.keepUpload(bytes, sealed.digest)
        state.withLock { $0.ended = true }
    }

    func discard() async {
        let count = state.withLock { state -> Int in
            guard !state.ended else { return 0 }
            state.ended = true
            return state.bytes.count
        }
        storage.releaseUpload(count)
    }
}
