import LivepatchKit
import Synchronization

/// Content of an unknown digest on its way into a directory.
final class DirectoryStagedUpload: StagedUpload {
    private let limit: Int64
    private let lane: Lane
    private let dirty: DirtyDirectories
    private let flush: SharedFlush
    /// `nil` once it is in its place or thrown away.
    private let file: Mutex<ArrivingFile?>

    init(
        limit: Int64, file: consuming sending ArrivingFile, lane: Lane, dirty: DirtyDirectories, flush: SharedFlush
    ) {
        self.limit = limit
        self.lane = lane
        self.dirty = dirty
        self.flush = flush
        self.file = Mutex(file)
    }

    /// An upload whose task was ended in between leaves nothing behind.
    deinit {
        file.withLock { try? $0?.delete() }
    }

    func append(_ bytes: [UInt8]) async throws {
        try await change { [limit] file in
            guard Int64(bytes.count) <= limit - file.length else {
                throw LivepatchError(.patchTooLarge, "The upload has more than the \(limit) bytes that are taken.")
            }
            try file.append(bytes)
        }
    }

    func seal() async throws -> StoredContent {
        try await change { StoredContent(digest: $0.hasher.finish(), length: $0.length) }
    }

    func open() async throws -> any StoredContentReader {
        try await change { try $0.open() }
    }

    func keep() async throws {
        try await flush.flush(try locked { $0.file }) { [self] in
            dirty.mark(try locked { try $0.place(as: $0.hasher.finish()) })
            file.withLock { $0 = nil }
        }
    }

    func discard() async {
        try? await lane.run { [self] in
            try file.withLock { file in
                defer { file = nil }
                try file?.delete()
            }
        }
    }

    private func change<Value: Sendable>(_ body: @escaping @Sendable (inout ArrivingFile) throws -> Value) async throws -> Value {
        try await lane.run { [self] in try locked(body) }
    }

    private func locked<Value: Sendable>(_ body: (inout ArrivingFile) throws -> Value) throws -> Value {
        try file.withLock { file in
            guard var current = file else {
                throw LivepatchError(.internalFault, "An upload is used after it was kept or thrown away.")
            }
            defer { file = current }
            return try body(&current)
        }
    }
}
