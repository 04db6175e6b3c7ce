import LivepatchKit
import Synchronization

/// Brings files to the medium, many at a time: however many tasks ask, one pass runs, and those who come meanwhile share the next.
///
/// A flush costs about as much for a whole file system as for one file. So a pass over several files is one flush where the file
/// system's kind allows it, and each file is asked afterwards whether its own bytes came there; where anything is in doubt each file is
/// flushed by itself.
final class SharedFlush: Sendable {
    private struct Request: Sendable {
        let file: OpenFile
        let follow: @Sendable () throws -> Void
        let answer: CheckedContinuation<Void, any Error>
    }

    private struct State {
        var waiting: [Request] = []
        var isRunning = false
    }

    /// From how many files on their file system is flushed, with what others may have written into it.
    static let together = 4

    private let state = Mutex(State())
    private let lane: Lane
    private let calls: FileCalls

    /// - Parameter lane: where passes run.
    init(lane: Lane, calls: FileCalls) {
        self.lane = lane
        self.calls = calls
    }

    /// How many files wait for the next pass.
    var waiting: Int { state.withLock { $0.waiting.count } }

    /// Whether a pass is going on.
    var isPassing: Bool { state.withLock { $0.isRunning } }

    /// Returns when the file's bytes are on the medium, and what is to follow is done.
    /// - Parameter follow: what may only happen once they are; a few short calls, since others wait for it too.
    /// - Throws: ``LivepatchError`` with the code `storage-unavailable` or `storage-full` if they did not get there, or what `follow`
    ///   throws. Bytes that did not get there must not be flushed again, but written: the system takes them for written.
    func flush(_ file: OpenFile, follow: @escaping @Sendable () throws -> Void) async throws {
        try await withCheckedThrowingContinuation { answer in
            let begins = state.withLock { state in
                state.waiting.append(Request(file: file, follow: follow, answer: answer))
                defer { state.isRunning = true }
                return !state.isRunning
            }
            if begins { lane.start { self.passes() } }
        }
    }

    /// Passes until nobody waits. Whoever is answered may rely on nobody here having the file open any more.
    private func passes() {
        while let answers = pass() {
            for answer in answers { answer() }
        }
    }

    /// - Returns: what tells each of those who waited how it came out; `nil` if nobody did.
    private func pass() -> [() -> Void]? {
        let requests = state.withLock { state in
            defer { state.waiting = [] }
            if state.waiting.isEmpty { state.isRunning = false }
            return state.waiting
        }
        guard let first = requests.first else { return nil }
        let isFlushed = requests.count >= Self.together && calls.flushFileSystem(first.file.descriptor) == 0
        return requests.map { request in
            let answer = request.answer
            let result = Lane.result {
                let isThere = isFlushed ? try request.file.isSound(calls: calls) : false
                if !isThere { try request.file.flush(calls: calls) }
                try request.follow()
            }
            return { answer.resume(with: result) }
        }
    }
}
