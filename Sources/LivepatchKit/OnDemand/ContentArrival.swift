import Synchronization

/// Content on its way from the upstream into the storage, for any number of those who wait for it.
///
/// Nobody gets all of it before its SHA-256 is known to be right: the last piece is kept back until then, and whoever was given
/// something else before is given no more, so that what they have is never whole.
public final class ContentArrival: Sendable {
    /// How much is kept back until all is verified, in bytes. Shorter content is kept back whole.
    static let reserve: Int64 = 64 << 10
    /// The most bytes of one piece.
    static let chunkSize = 256 << 10

    fileprivate struct State {
        var reader: (any StoredContentReader)?
        /// Readers of earlier attempts, which somebody may be reading from.
        var outdated: [any StoredContentReader] = []
        var arrived: Int64 = 0
        var isVerified = false
        var failure: LivepatchError?
        /// How often something has happened.
        var changes = 0
        var lastBell = 0
        var bells: [Int: AsyncStream<Void>.Continuation] = [:]

        var isOver: Bool { isVerified || failure != nil }

        mutating func go(on next: any StoredContentReader) {
            if let reader { outdated.append(reader) }
            reader = next
        }
    }

    public let file: PatchFile
    private let state = Mutex(State())

    init(_ file: PatchFile) { self.file = file }

    deinit {
        state.withLock { state in
            state.reader?.close()
            for reader in state.outdated { reader.close() }
        }
    }

    /// How many of its bytes are in the storage now, verified or not.
    public var arrived: Int64 { state.withLock { $0.arrived } }
    fileprivate var changes: Int { state.withLock { $0.changes } }

    // MARK: What happens

    func began(_ reader: any StoredContentReader, arrived: Int64) {
        change { state in
            state.go(on: reader)
            state.arrived = arrived
        }
    }

    func arrived(_ count: Int64) { change { $0.arrived = count } }

    /// All of it is in its place.
    /// - Parameter reader: reads it there.
    func verified(_ reader: any StoredContentReader) {
        change { state in
            state.go(on: reader)
            state.arrived = file.length
            state.isVerified = true
        }
    }

    func failed(_ error: LivepatchError) { change { $0.failure = error } }

    private func change(_ body: (inout State) -> Void) {
        let bells = state.withLock { state in
            if !state.isOver { body(&state) }
            state.changes += 1
            return Array(state.bells.values)
        }
        for bell in bells { bell.yield() }
    }

    // MARK: Those who wait

    /// Waits until something can be given away, which is the beginning of an answer.
    /// - Throws: why it does not come, or `CancellationError`.
    public func begin() async throws { try await wait { $0.isVerified || $0.arrived > Self.reserve } }

    /// Waits until all of it is in the storage, and verified.
    /// - Throws: why it does not come, or `CancellationError`.
    public func end() async throws { try await wait { $0.isVerified } }

    /// All of it from its beginning, as it comes.
    /// - Parameter permit: asked before the last piece is given away; throws if it must not be any more.
    public func pieces(permit: @escaping @Sendable () async throws -> Void = {}) -> Pieces { Pieces(self, permit) }

    /// The pieces of an arrival for one of those who wait.
    public struct Pieces: Sendable {
        private let arrival: ContentArrival
        private let permit: @Sendable () async throws -> Void
        private var given = ContentHasher()

        fileprivate init(_ arrival: ContentArrival, _ permit: @escaping @Sendable () async throws -> Void) {
            self.arrival = arrival
            self.permit = permit
        }

        /// The next piece, when it has come; `nil` after the last.
        /// - Throws: why the rest does not come. Then not all was given away.
        @concurrent public mutating func next() async throws -> [UInt8]? {
            let file = arrival.file
            while given.length < file.length {
                let offset = given.length
                try await arrival.wait { $0.isVerified || min($0.arrived, file.length - ContentArrival.reserve) > offset }
                let seen = arrival.changes
                let piece = try arrival.read(from: offset)
                guard !piece.isEmpty else {
                    // It was thrown away, and begins anew or fails.
                    try await arrival.wait { $0.changes != seen }
                    continue
                }
                given.update(piece)
                if given.length == file.length {
                    // What is in the storage is right by now; what was given away may have been something else before.
                    guard given.finish() == file.digest else {
                        throw LivepatchError(
                            .digestMismatch,
                            "The upstream sent something else for \(file.name) first; what was given of it is broken off.")
                    }
                    try await permit()
                }
                return piece
            }
            return nil
        }
    }

    /// A piece that may be given away; empty if there is none. It was written a moment ago, so that no medium is waited for.
    fileprivate func read(from offset: Int64) throws -> [UInt8] {
        let (reader, end) = state.withLock { state in
            (state.reader, state.isVerified ? file.length : min(state.arrived, file.length - Self.reserve))
        }
        guard let reader, offset < end else { return [] }
        return try reader.read(at: offset, count: Int(min(Int64(Self.chunkSize), end - offset)))
    }

    fileprivate func wait(_ isReached: (State) -> Bool) async throws {
        let (bells, bell) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        let id = state.withLock { state in
            state.lastBell += 1
            state.bells[state.lastBell] = bell
            return state.lastBell
        }
        defer { _ = state.withLock { $0.bells.removeValue(forKey: id) } }
        bell.yield()
        for await _ in bells {
            let isDone = try state.withLock { state in
                if isReached(state) { return true }
                if let failure = state.failure { throw failure }
                return false
            }
            if isDone { return }
        }
        throw CancellationError()
    }
}
