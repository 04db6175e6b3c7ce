public import FoundationEssentials
public import LivepatchKit
import Synchronization

/// A value that was read from files, and is read again when they change. One that cannot be used changes nothing.
public final class RenewedFromFiles<Value: Sendable>: Sendable {
    /// What came of a look at the files.
    public enum Outcome: Sendable {
        case unchanged
        case renewed(Value)
        /// They cannot be used; what was in force stays so. Told once, until something else is wrong.
        case refused(LivepatchError)
    }

    private struct State {
        var value: Value
        /// How often it was renewed.
        var generation = 0
        /// Of the files that were read last, whatever came of it.
        var read: [FileStamp?]
        /// Of the files at the last look.
        var seen: [FileStamp?]
        var failure: LivepatchError?
    }

    private let paths: [String]
    private let load: @Sendable (Date) throws -> Value
    private let state: Mutex<State>

    /// Reads the files for the first time.
    /// - Throws: what `load` throws.
    public init(_ paths: [String], now: Date, load: @escaping @Sendable (Date) throws -> Value) throws {
        self.paths = paths
        self.load = load
        // Looked at before they are read: what changes meanwhile is read again.
        let stamps = paths.map(FileStamp.init)
        state = Mutex(State(value: try load(now), read: stamps, seen: stamps))
    }

    /// What is in force.
    public var value: Value { state.withLock { $0.value } }

    /// What is in force, and how often it was renewed: two values of the same generation are the same.
    public var valueAndGeneration: (Value, Int) { state.withLock { ($0.value, $0.generation) } }

    /// Why the files, as they are now, are not in force; `nil` if they are.
    public var failure: LivepatchError? { state.withLock { $0.failure } }

    /// Looks whether the files have changed, and takes them up if so. Blocks its thread.
    ///
    /// Certificate and key are two files, which nobody replaces at the same instant: those that have changed since the last look are
    /// given the time until the next one.
    /// - Parameter isAsked: whether somebody says that they are complete now.
    public func look(now: Date, isAsked: Bool = false) -> Outcome {
        let stamps = paths.map(FileStamp.init)
        let isDue = state.withLock { state in
            let isSettled = stamps == state.seen
            state.seen = stamps
            return isAsked || (isSettled && (stamps != state.read || state.failure != nil))
        }
        guard isDue else { return .unchanged }
        let result = Result { try load(now) }
        return state.withLock { state in
            let isChanged = stamps != state.read
            state.read = stamps
            switch result {
            case .success(let value):
                let hadFailed = state.failure != nil
                state.failure = nil
                guard isChanged || hadFailed else { return .unchanged }
                state.value = value
                state.generation += 1
                return .renewed(value)
            case .failure(let error):
                let failure =
                    error as? LivepatchError
                    ?? LivepatchError(.internalFault, "Certificates and keys cannot be read.", cause: error)
                let isNews = isAsked || state.failure?.message != failure.message
                state.failure = failure
                return isNews ? .refused(failure) : .unchanged
            }
        }
    }
}
