import LivepatchKit
import Synchronization

/// Content of a known digest on its way into a directory.
final class DirectoryStagedContent: StagedContent {
    private let digest: SHA256Digest
    private let length: Int64
    private let lane: Lane
    private let dirty: DirtyDirectories
    private let flush: SharedFlush
    private let file: Mutex<ArrivingFile?>
    private let isOnMedium = Atomic(false)

    init(
        _ digest: SHA256Digest, length: Int64, file: consuming sending ArrivingFile, lane: Lane, dirty: DirtyDirectories,
        flush: SharedFlush
    ) {
        self.digest = digest
        self.length = length
        self.lane = lane
        self.dirty = dirty
        self.flush = flush
        self.file = Mutex(file)
    }

    var arrived: Int64 {
        get async { file.withLock { $0?.length ?? 0 } }
    }

    func open() async throws -> any StoredContentReader {
        try await change { [length] in try $0.openArriving(length: length) }
    }

    func append(_ bytes: [UInt8]) async throws {
        try await change { [length, digest] file in
            guard Int64(bytes.count) <= length - file.length else {
                // Whoever sends too much may have sent anything before.
                try file.restart()
                throw LivepatchError(
                    .lengthMismatch, "More than the announced \(length) bytes arrive for the content \(digest).",
                    suggestion: "What has arrived was thrown away.")
            }
            try file.append(bytes)
        }
    }

    func restart() async throws {
        try await change { try $0.restart() }
    }

    func finish() async throws {
        let (medium, wrong) = try locked { arriving in (arriving.file, self.fault(of: arriving)) }
        if let wrong {
            try await change { try $0.restart() }
            throw wrong
        }
        do {
            try await flush.flush(medium) { [self] in
                isOnMedium.store(true, ordering: .relaxed)
                dirty.mark(try locked { [digest] in try $0.place(as: digest) })
                file.withLock { $0 = nil }
            }
        } catch {
            // What did not get to the medium looks whole to whoever reads it, and another flush of it would succeed.
            if !isOnMedium.load(ordering: .relaxed) { try? await change { try $0.restart() } }
            throw error
        }
    }

    /// What is wrong with what has arrived; `nil` for nothing.
    private func fault(of file: ArrivingFile) -> LivepatchError? {
        guard file.length == length else {
            return LivepatchError(
                .lengthMismatch, "\(file.length) bytes arrived for the content \(digest), and \(length) were announced.",
                suggestion: "What has arrived was thrown away.")
        }
        let actual = file.hasher.finish()
        guard actual == digest else {
            return LivepatchError(
                .digestMismatch, "What arrived for the content \(digest) has the SHA-256 \(actual).",
                suggestion: "What has arrived was thrown away.")
        }
        return nil
    }

    func close() async {
        // An empty file is worth nothing to the next attempt.
        try? await lane.run { [self] in
            try file.withLock { file in
                defer { file = nil }
                if file?.length == 0 { try file?.delete() }
            }
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
                throw LivepatchError(.internalFault, "The content \(digest) is written to after it was finished or closed.")
            }
            defer { file = current }
            return try body(&current)
        }
    }
}
