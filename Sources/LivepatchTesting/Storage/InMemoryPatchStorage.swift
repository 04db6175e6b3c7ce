public import LivepatchKit
import Synchronization

/// Patch storage in memory, for tests and for programs that embed the library and keep nothing.
///
/// It can be told to fail: with a ``capacity`` it becomes full as a disk does, and a closure that is asked before every step can
/// throw whatever a test wants to see handled.
///
/// ```swift
/// let storage = InMemoryPatchStorage(capacity: 10_000) { step in
///     if case .append(_, let offset, _) = step, offset > 5_000 { throw LivepatchError(.storageUnavailable, "The disk is gone.") }
/// }
/// ```
public final class InMemoryPatchStorage: PatchStorage {
    /// What the storage is about to do.
    public enum Step: Hashable, Sendable {
        /// Content begins to arrive, or goes on.
        case stage(SHA256Digest)
        /// Bytes arrive. The digest is `nil` for content whose digest is not known yet.
        case append(SHA256Digest?, offset: Int64, count: Int)
        /// Content that has arrived moves to its place.
        case finish(SHA256Digest)
        case open(SHA256Digest)
        case remove(SHA256Digest)
        case synchronize
    }

    private struct State: Sendable {
        var contents: [SHA256Digest: [UInt8]] = [:]
        var staged: [SHA256Digest: [UInt8]] = [:]
        /// What is arriving at this moment.
        var arriving: Set<SHA256Digest> = []
        /// The room that uploads take.
        var uploads: Int64 = 0
        var capacity: Int64?

        var used: Int64 {
            func sum(_ contents: [SHA256Digest: [UInt8]]) -> Int64 { contents.values.reduce(0) { $0 + Int64($1.count) } }
            return uploads + sum(contents) + sum(staged)
        }

        /// How many of some bytes have room.
        func fitting(_ count: Int) -> Int {
            guard let capacity else { return count }
            return Int(min(Int64(count), max(0, capacity - used)))
        }
    }

    private let state: Mutex<State>
    private let probe: @Sendable (Step) throws -> Void

    /// - Parameters:
    ///   - capacity: the most bytes that fit, what is on its way included; `nil` for no limit.
    ///   - probe: asked before every step; what it throws is the step's failure, and nothing of the step happens.
    public init(capacity: Int64? = nil, probe: @escaping @Sendable (Step) throws -> Void = { _ in }) {
        state = Mutex(State(capacity: capacity))
        self.probe = probe
    }

    /// The most bytes that fit, what is on its way included; `nil` for no limit. Can be changed at any time, as a disk can be
    /// filled and emptied by others.
    public var capacity: Int64? {
        get { state.withLock { $0.capacity } }
        set { state.withLock { $0.capacity = newValue } }
    }

    /// Puts content in its place at once, whatever the capacity.
    @discardableResult
    public func put(_ bytes: [UInt8]) -> StoredContent {
        let digest = SHA256Digest(of: bytes)
        state.withLock { $0.contents[digest] = bytes }
        return StoredContent(digest: digest, length: Int64(bytes.count))
    }

    /// Changes what is held under a digest without changing the digest, as a failing disk does. Nothing happens if there is none.
    public func damage(_ digest: SHA256Digest, _ change: @Sendable (inout [UInt8]) -> Void) {
        let damaged = state.withLock { $0.contents[digest] }.map { bytes in
            var bytes = bytes
            change(&bytes)
            return bytes
        }
        state.withLock { if $0.contents[digest] != nil { $0.contents[digest] = damaged } }
    }

    // MARK: PatchStorage

    public func length(of digest: SHA256Digest) async throws -> Int64? {
        state.withLock { $0.contents[digest].map { Int64($0.count) } }
    }

    public func stage(_ digest: SHA256Digest, length: Int64) async throws -> any StagedContent {
        try probe(.stage(digest))
        guard length >= 0 else { throw LivepatchError(.malformedValue, "Content cannot have \(length) bytes.") }
        try state.withLock { state in
            guard state.arriving.insert(digest).inserted else {
                throw LivepatchError(
                    .storageBusy, "The content \(digest) is arriving already, in another task.",
                    suggestion: "Wait for that sync or import to end.")
            }
            // More than is announced now cannot be a beginning of it.
            if Int64(state.staged[digest]?.count ?? 0) > length { state.staged[digest] = nil }
        }
        return InMemoryStagedContent(storage: self, digest: digest, length: length)
    }

    public func stageUpload(limit: Int64) async throws -> any StagedUpload {
        InMemoryStagedUpload(storage: self, limit: limit)
    }

    public func open(_ digest: SHA256Digest) async throws -> any StoredContentReader {
        try probe(.open(digest))
        guard let bytes = state.withLock({ $0.contents[digest] }) else {
            throw LivepatchError(.notFound, "The storage holds no content \(digest).")
        }
        return InMemoryContentReader(bytes: bytes)
    }

    public func contents() async throws -> AsyncThrowingStream<StoredContent, any Error> {
        let all = state.withLock { $0.contents.mapValues { Int64($0.count) } }
            .map { StoredContent(digest: $0.key, length: $0.value) }
            .sorted { $0.digest.bytes.lexicographicallyPrecedes($1.digest.bytes) }
        return AsyncThrowingStream { continuation in
            for content in all { continuation.yield(content) }
            continuation.finish()
        }
    }

    public func remove(_ digest: SHA256Digest) async throws {
        try probe(.remove(digest))
        state.withLock { $0.contents[digest] = nil }
    }

    @discardableResult
    public func discardStaged(except digests: Set<SHA256Digest>) async throws -> Int64 {
        state.withLock { state in
            let before = state.used
            state.staged = state.staged.filter { digests.contains($0.key) || state.arriving.contains($0.key) }
            return before - state.used
        }
    }

    public func stagedBytes() async throws -> Int64 {
        state.withLock { $0.uploads + $0.staged.values.reduce(0) { $0 + Int64($1.count) } }
    }

    public func synchronize() async throws { try probe(.synchronize) }

    public func freeBytes() async throws -> Int64? {
        state.withLock { state in state.capacity.map { max(0, $0 - state.used) } }
    }
}

// What the contents on their way ask of the storage.
extension InMemoryPatchStorage {
    func arrived(_ digest: SHA256Digest) -> Int64 { state.withLock { Int64($0.staged[digest]?.count ?? 0) } }

    /// What has arrived under a digest, or is held.
    func bytes(_ digest: SHA256Digest) -> [UInt8] { state.withLock { $0.staged[digest] ?? $0.contents[digest] ?? [] } }

    func append(_ bytes: [UInt8], to digest: SHA256Digest, length: Int64) throws {
        let offset = arrived(digest)
        try probe(.append(digest, offset: offset, count: bytes.count))
        guard Int64(bytes.count) <= length - offset else {
            discard(digest)
            throw LivepatchError(
                .lengthMismatch, "More than the announced \(length) bytes arrive for the content \(digest).",
                suggestion: "What has arrived was thrown away.")
        }
        let fitting = state.withLock { state in
            let fitting = state.fitting(bytes.count)
            state.staged[digest, default: []] += bytes.prefix(fitting)
            return fitting
        }
        guard fitting == bytes.count else { throw full() }
    }

    func finish(_ digest: SHA256Digest, length: Int64) throws {
        try probe(.finish(digest))
        let bytes = state.withLock { $0.staged.removeValue(forKey: digest) } ?? []
        guard Int64(bytes.count) == length else {
            throw LivepatchError(
                .lengthMismatch, "\(bytes.count) bytes arrived for the content \(digest), and \(length) were announced.",
                suggestion: "What has arrived was thrown away.")
        }
        let actual = SHA256Digest(of: bytes)
        guard actual == digest else {
            throw LivepatchError(
                .digestMismatch, "What arrived for the content \(digest) has the SHA-256 \(actual).",
                suggestion: "What has arrived was thrown away.")
        }
        state.withLock { $0.contents[digest] = bytes }
    }

    func discard(_ digest: SHA256Digest) { state.withLock { $0.staged[digest] = nil } }

    /// Lets another arrival of the same content begin.
    func release(_ digest: SHA256Digest) { _ = state.withLock { $0.arriving.remove(digest) } }

    /// - Returns: how many bytes have room.
    func reserveUpload(_ count: Int, offset: Int64) throws -> Int {
        try probe(.append(nil, offset: offset, count: count))
        return state.withLock { state in
            let fitting = state.fitting(count)
            state.uploads += Int64(fitting)
            return fitting
        }
    }

    func keepUpload(_ bytes: [UInt8], _ digest: SHA256Digest) throws {
        try probe(.finish(digest))
        state.withLock { state in
            state.uploads -= Int64(bytes.count)
            state.contents[digest] = bytes
        }
    }

    func releaseUpload(_ count: Int) { state.withLock { $0.uploads -= Int64(count) } }

    func full() -> LivepatchError {
        LivepatchError(
            .storageFull, "The storage in memory is full: it may hold \(capacity ?? 0) bytes.",
            suggestion: "Give it a larger capacity.")
    }
}
