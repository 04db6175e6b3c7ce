import Caching
import LivepatchKit
public import Metrics
import NIOCore
import Synchronization

/// The contents of patch files that are asked for again and again, in memory.
///
/// Content is known by its digest and never changes, so that what is here is always right; who may have it is decided elsewhere. A file is
/// taken in when it is asked for a second time within ``Limits/time``, and only after its digest was computed: so a downstream that
/// fetches everything once turns nothing out. What was not asked for in that time is let go.
public final class PatchCache: Sendable {
    /// How much is kept.
    public struct Limits: Hashable, Sendable {
        /// How many files, 1 or more.
        public var files = 128
        /// How many bytes of them, those that are still being sent after they were let go included. No file takes more than a quarter.
        public var bytes: Int64 = 64 << 20
        /// How long one is kept that nobody asks for.
        public var time = Duration.seconds(600)

        public init() {}
    }

    static let hits = "livepatch_server_patch_cache_hits"
    static let misses = "livepatch_server_patch_cache_misses"
    static let evictions = "livepatch_server_patch_cache_evictions"

    private struct State {
        var contents: LeastRecentlyUsed<SHA256Digest, (content: CachedContent, used: Duration)>
        /// When contents that are not here were asked for last.
        var asked: LeastRecentlyUsed<SHA256Digest, Duration>
        var arriving: [SHA256Digest: Task<CachedContent?, any Error>] = [:]
    }

    private let limits: Limits
    private let elapsed: @Sendable () -> Duration
    private let weight = CachedContent.Weight()
    private let state: Mutex<State>
    private let counters: (hits: Counter, misses: Counter, evictions: Counter)

    /// - Parameters:
    ///   - clock: what ``Limits/time`` is measured by.
    ///   - metrics: where counters are made.
    public init<C: Clock>(
        _ limits: Limits = Limits(), clock: C = ContinuousClock(), metrics: any MetricsFactory = MetricsSystem.factory
    ) where C.Duration == Duration {
        self.limits = limits
        let start = clock.now
        elapsed = { start.duration(to: clock.now) }
        state = Mutex(
            State(
                contents: LeastRecentlyUsed(capacity: limits.files), asked: LeastRecentlyUsed(capacity: 4 * max(limits.files, 64))
            ))
        counters = (
            Counter(label: Self.hits, factory: metrics), Counter(label: Self.misses, factory: metrics),
            Counter(label: Self.evictions, factory: metrics)
        )
        // There from the beginning, so that a rule that reads it finds it.
        for counter in [counters.hits, counters.misses, counters.evictions] { counter.increment(by: 0) }
    }

    /// The content of a file.
    /// - Parameter load: reads it, and makes sure of its digest; called at most once at a time for a content, whoever asks.
    ///   `nil` is for what cannot be read yet.
    /// - Returns: `nil` if it is not here and is not worth taking in, or cannot be.
    /// - Throws: what `load` throws.
    func content(of file: PatchFile, load: @escaping @Sendable () async throws -> [UInt8]?) async throws -> CachedContent? {
        if let content = remembered(file.digest) {
            noteHit()
            return content
        }
        counters.misses.increment()
        let arrival = state.withLock { state -> Task<CachedContent?, any Error>? in
            if let arriving = state.arriving[file.digest] { return arriving }
            guard isWanted(file, &state) else { return nil }
            // Nobody's own task: that one caller goes away must not fail the others.
            let task = Task<CachedContent?, any Error> {
                defer { self.state.withLock { $0.arriving[file.digest] = nil } }
                return try await load().map { self.keep($0, file.digest) }
            }
            state.arriving[file.digest] = task
            return task
        }
        return try await arrival?.value
    }

    /// What is here, for whoever cannot wait. It is not counted: ``noteHit()`` does that.
    func remembered(_ digest: SHA256Digest) -> CachedContent? {
        let now = elapsed()
        return state.withLock { state in
            let known = state.contents.update(digest) { known -> CachedContent? in
                guard now - known.used < limits.time else { return nil }
                known.used = now
                return known.content
            }
            guard let known else { return nil }
            if known == nil { state.contents.remove(digest) }
            return known
        }
    }

    /// Counts an answer that was given from here.
    func noteHit() { counters.hits.increment() }

    /// Lets go of what was not asked for in time.
    /// - Returns: how many files are here then, and how many bytes of files are held in memory.
    func sweep() -> (files: Int, bytes: Int) {
        let now = elapsed()
        let files = state.withLock { state in
            while let oldest = state.contents.leastRecent, now - oldest.value.used >= limits.time {
                state.contents.remove(oldest.key)
            }
            return state.contents.count
        }
        return (files, weight.bytes)
    }

    private func isWanted(_ file: PatchFile, _ state: inout State) -> Bool {
        guard file.length > 0, file.length <= limits.bytes / 4 else { return false }
        let now = elapsed()
        if let last = state.asked.value(for: file.digest), now - last < limits.time {
            state.asked.remove(file.digest)
            return true
        }
        state.asked.insert(now, for: file.digest)
        return false
    }

    private func keep(_ bytes: [UInt8], _ digest: SHA256Digest) -> CachedContent {
        let content = CachedContent(ByteBuffer(bytes: bytes), weight)
        let now = elapsed()
        let evicted = state.withLock { state in
            var evicted = 0
            while weight.bytes > limits.bytes, let oldest = state.contents.leastRecent {
                state.contents.remove(oldest.key)
                evicted += 1
            }
            // What is left is still being sent to somebody: then this one is for whoever has asked alone.
            guard weight.bytes <= limits.bytes else { return evicted }
            if state.contents.insert((content, now), for: digest) != nil { evicted += 1 }
            return evicted
        }
        counters.evictions.increment(by: evicted)
        return content
    }
}

/// A content in memory. Whoever sends it holds on to it until it has been sent.
final class CachedContent: Sendable {
    /// How many bytes of contents there are.
    final class Weight: Sendable {
        private let sum = Atomic(0)
        var bytes: Int { sum.load(ordering: .relaxed) }
        fileprivate func add(_ bytes: Int) { sum.add(bytes, ordering: .relaxed) }
    }

    let bytes: ByteBuffer
    private let weight: Weight

    fileprivate init(_ bytes: ByteBuffer, _ weight: Weight) {
        self.bytes = bytes
        self.weight = weight
        weight.add(bytes.readableBytes)
    }

    deinit { weight.add(-bytes.readableBytes) }

    /// Some of the bytes, without a copy.
    func slice(_ range: Range<Int>) -> ByteBuffer {
        bytes.getSlice(at: bytes.readerIndex + range.lowerBound, length: range.count) ?? ByteBuffer()
    }
}
