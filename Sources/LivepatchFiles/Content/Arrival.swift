import LivepatchKit
import Synchronization

/// A staged file on its way into a directory's content: written on one lane, brought to the medium with others, and then named after
/// its digest.
final class Arrival: Sendable {
    private let lane: Lane
    private let dirty: DirtyDirectories
    private let flush: SharedFlush
    /// What it is, for messages.
    private let subject: String
    /// `nil` once it is in its place, closed or thrown away.
    private let file: Mutex<ArrivingFile?>
    private let isOnMedium = Atomic(false)

    init(
        _ subject: String, _ file: consuming sending ArrivingFile, lane: Lane, dirty: DirtyDirectories, flush: SharedFlush
    ) {
        self.subject = subject
        self.file = Mutex(file)
        self.lane = lane
        self.dirty = dirty
        self.flush = flush
    }

    /// Of what has arrived; 0 once it is not arriving any more.
    var length: Int64 { file.withLock { $0?.length ?? 0 } }

    /// Works on the file, on its lane.
    func change<Value: Sendable>(_ body: @escaping @Sendable (inout ArrivingFile) throws -> Value) async throws -> Value {
        try await lane.run { [self] in try look(body) }
    }

    /// Looks at the file where nothing has to wait for the medium.
    func look<Value: Sendable>(_ body: (inout ArrivingFile) throws -> Value) throws -> Value {
        try file.withLock { file in
            guard var current = file else {
                throw LivepatchError(.internalFault, "\(subject) is used after it was finished, closed or thrown away.")
            }
            defer { file = current }
            return try body(&current)
        }
    }

    /// Brings the file's bytes to the medium, and then to the place of their digest. What did not get to the medium is gone: it looks
    /// whole to whoever reads it, and another flush of it would succeed.
    func place(as digest: SHA256Digest) async throws {
        do {
            try await flush.flush(try look { $0.file }) { [self] in
                isOnMedium.store(true, ordering: .relaxed)
                dirty.mark(try look { try $0.place(as: digest) })
                file.withLock { $0 = nil }
            }
        } catch {
            if !isOnMedium.load(ordering: .relaxed) { await discard() }
            throw error
        }
    }

    /// Lets go of the file; an empty one is deleted, since it is worth nothing to the next attempt.
    func close() async { try? await lane.run { [self] in try end { $0.length == 0 } } }

    func discard() async { try? await lane.run { [self] in try end { _ in true } } }

    /// ``discard()``, where nobody can wait.
    func discardAtOnce() { try? end { _ in true } }

    private func end(deletingIf isWorthless: (borrowing ArrivingFile) -> Bool) throws {
        try file.withLock { file in
            defer { file = nil }
            if let current = file, isWorthless(current) { try current.delete() }
        }
    }
}
