import GRDB
import Synchronization

/// Short reads, many at a time: however many ask, one transaction runs, and those who come meanwhile share the next. To get a connection
/// and a thread costs several times what is read.
final class SharedReads: Sendable {
    /// Reads what somebody asks for.
    /// - Returns: what tells them.
    private typealias Question = @Sendable (Result<Database, any Error>) -> @Sendable () -> Void

    private struct State {
        var waiting: [Question] = []
        var isReading = false
    }

    /// How many share a transaction at most: writers cannot clear the log while one goes on.
    static let together = 256

    private let pool: DatabasePool
    private let state = Mutex(State())

    init(_ pool: DatabasePool) { self.pool = pool }

    /// Reads a state of the database that is as it was when this was called, or newer.
    /// - Parameter body: takes some microseconds.
    func read<Value: Sendable>(_ body: @escaping @Sendable (Database) throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { (answer: CheckedContinuation<Value, any Error>) in
            let begins = state.withLock { state in
                state.waiting.append { database in
                    let result = Result { try body(database.get()) }
                    return { answer.resume(with: result) }
                }
                defer { state.isReading = true }
                return !state.isReading
            }
            if begins { start() }
        }
    }

    /// Reads for all who wait, and goes on as long as there are any.
    private func start() {
        // Taken before the transaction begins: whoever asks after that may know of a change that it does not see.
        let questions = state.withLock { state in
            defer { state.waiting.removeFirst(min(Self.together, state.waiting.count)) }
            return Array(state.waiting.prefix(Self.together))
        }
        pool.asyncRead { database in
            for tell in questions.map({ $0(database) }) { tell() }
            let goesOn = self.state.withLock { state in
                state.isReading = !state.waiting.isEmpty
                return state.isReading
            }
            if goesOn { self.start() }
        }
    }
}
