public import LivepatchKit
import Synchronization

/// A machine's memory, in memory.
public final class InMemoryAgentMemory: AgentMemoryStorage {
    private struct State {
        var memory = AgentMemory()
        var lock: CrashLock?
        var view: RecordedView?
    }

    private let state = Mutex(State())

    public init() {}

    /// The lock that is there now.
    public var presentLock: CrashLock? { state.withLock { $0.lock } }

    public func memory() async -> AgentMemory { state.withLock { $0.memory } }
    public func keep(_ memory: AgentMemory) async { state.withLock { $0.memory = memory } }
    public func crashLock() async -> CrashLock? { state.withLock { $0.lock } }
    public func setCrashLock(_ lock: CrashLock?) async { state.withLock { $0.lock = lock } }
    public func view() async -> RecordedView? { state.withLock { $0.view } }
    public func setView(_ view: RecordedView?) async { state.withLock { $0.view = view } }
}
