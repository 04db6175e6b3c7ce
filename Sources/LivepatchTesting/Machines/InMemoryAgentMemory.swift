public import LivepatchKit
import Synchronization

/// A machine's memory, in memory.
public final class InMemoryAgentMemory: AgentMemoryStorage {
    private let state = Mutex<(memory: AgentMemory, lock: CrashLock?)>((AgentMemory(), nil))

    public init() {}

    /// The lock that is there now.
    public var presentLock: CrashLock? { state.withLock { $0.lock } }

    public func memory() async -> AgentMemory { state.withLock { $0.memory } }
    public func keep(_ memory: AgentMemory) async { state.withLock { $0.memory = memory } }
    public func crashLock() async -> CrashLock? { state.withLock { $0.lock } }
    public func setCrashLock(_ lock: CrashLock?) async { state.withLock { $0.lock = lock } }
}
