public import LivepatchKit
import Synchronization

/// A kernel that behaves as Linux was seen to: live patches that replace each other or not, transitions that take a while or do not
/// end, modules that it refuses, and boots that take everything out.
public final class SimulatedKernel: Kernel {
    /// What the kernel does with a module.
    public struct Manner: Sendable {
        /// What it answers to the insertion; `nil` to take the module.
        public var refusal: LivepatchError?
        /// How many looks the transition takes to end.
        public var looks = 0
        /// Whether the module replaces those before it (`klp_patch.replace`).
        public var replaces = true
        /// Whether it can be taken back.
        public var isRemovable = true
        /// What happens the moment it is in.
        public var afterwards: (@Sendable (SimulatedKernel) -> Void)?

        public init() {}
    }

    private struct State {
        var kernel: RunningKernel
        var uptime: Duration
        var patches: [LoadedPatch] = []
        var looksLeft: [String: Int] = [:]
        var manners: [String: Manner] = [:]
        var modules: Set<String> = []
        var hasFaults = false
        var obstacles: [LivepatchError] = []
        var failure: LivepatchError?
        var insertions: [[UInt8]] = []
        var boots = 1
    }

    private let state: Mutex<State>

    public init(_ kernel: RunningKernel, uptime: Duration = .seconds(600)) {
        state = Mutex(State(kernel: kernel, uptime: uptime))
    }

    // MARK: What a test does with it

    /// How a module of that name is treated.
    public func setManner(_ manner: Manner, of module: String) { state.withLock { $0.manners[module] = manner } }

    /// What stands in the way of patching.
    public func setObstacles(_ obstacles: [LivepatchError]) { state.withLock { $0.obstacles = obstacles } }

    /// What the kernel answers when it is asked who it is; `nil` to answer well.
    public func setFailure(_ failure: LivepatchError?) { state.withLock { $0.failure = failure } }

    /// The kernel meets a fault of its own.
    public func fault() { state.withLock { $0.hasFaults = true } }

    /// Lets time pass.
    public func run(for duration: Duration) { state.withLock { $0.uptime += duration } }

    /// Lets all transitions end.
    public func settle() {
        state.withLock { state in
            for name in state.looksLeft.keys { state.looksLeft[name] = 0 }
        }
    }

    /// Boots anew: nothing is in the kernel any more.
    public func reboot() {
        state.withLock { state in
            state.boots += 1
            state.kernel = RunningKernel(
                release: state.kernel.release, kernel: state.kernel.kernel, bootID: "boot-\(state.boots)",
                cpuModel: state.kernel.cpuModel, codename: state.kernel.codename)
            state.patches = []
            state.looksLeft = [:]
            state.modules = []
            state.hasFaults = false
            state.uptime = .seconds(20)
        }
    }

    /// Somebody takes a patch out behind the agent's back.
    public func takeOut(_ name: String) {
        state.withLock { state in
            state.patches.removeAll { $0.name == name }
            state.modules.remove(name)
        }
    }

    /// Somebody else loads a module.
    public func load(_ name: String) { _ = state.withLock { $0.modules.insert(name) } }

    /// The modules that were inserted, in order, as they were handed over.
    public var insertions: [[UInt8]] { state.withLock { $0.insertions } }

    /// The names of the modules that are loaded, sorted.
    public var modules: [String] { state.withLock { $0.modules.sorted() } }

    /// The live patches that are enabled, sorted.
    public var enabled: [String] { state.withLock { $0.patches.filter(\.isEnabled).map(\.name).sorted() } }

    // MARK: Kernel

    public func running() async throws -> RunningKernel {
        try state.withLock { state in
            if let failure = state.failure { throw failure }
            return state.kernel
        }
    }

    public func uptime() async -> Duration { state.withLock { $0.uptime } }
    public func obstacles() async -> [LivepatchError] { state.withLock { $0.obstacles } }
    public func hasFaults() async -> Bool { state.withLock { $0.hasFaults } }
    public func hasModule(_ name: String) async -> Bool { state.withLock { $0.modules.contains(name) } }

    public func livePatches() async -> [LoadedPatch] {
        state.withLock { state in
            for index in state.patches.indices where state.patches[index].isInTransition {
                let name = state.patches[index].name
                let left = state.looksLeft[name] ?? 0
                state.looksLeft[name] = left - 1
                if left <= 0 { Self.end(&state, index) }
            }
            state.patches.removeAll { !$0.isEnabled && !$0.isInTransition }
            return state.patches.sorted { $0.name < $1.name }
        }
    }

    private static func end(_ state: inout State, _ index: Int) {
        state.patches[index].isInTransition = false
        let name = state.patches[index].name
        guard state.patches[index].isEnabled, state.manners[name]?.replaces ?? true else { return }
        for other in state.patches.indices where other != index { state.patches[other].isEnabled = false }
    }

    public func waitingTasks(limit: Int) async -> [String] {
        state.withLock { $0.patches.contains(where: \.isInTransition) ? Array(["sleeper (812)"].prefix(limit)) : [] }
    }

    public func insert(_ module: [UInt8], named name: String) async throws {
        let name = try KernelModule(parsing: module).name ?? name
        let manner = state.withLock { $0.manners[name] ?? Manner() }
        if let refusal = manner.refusal { throw refusal }
        try state.withLock { state in
            guard !state.modules.contains(name) else {
                throw LivepatchError(
                    .kernelRefused, "The kernel did not take the module of \(name): a module of that name is loaded already.")
            }
            state.modules.insert(name)
            state.insertions.append(module)
            state.looksLeft[name] = manner.looks
            state.patches.append(LoadedPatch(name: name, isEnabled: true, isInTransition: true, functions: ["vmlinux/simulated"]))
        }
        manner.afterwards?(self)
    }

    public func disable(_ patch: String) async throws {
        try state.withLock { state in
            guard let index = state.patches.firstIndex(where: { $0.name == patch }) else {
                throw LivepatchError(
                    .kernelRefused, "The live patch '\(patch)' cannot be disabled: it is not in the kernel any more.")
            }
            guard state.manners[patch]?.isRemovable ?? true else {
                throw LivepatchError(
                    .kernelRefused, "The live patch '\(patch)' cannot be disabled: the kernel does not let it go.")
            }
            state.patches[index].isEnabled = false
            state.patches[index].isInTransition = true
            state.looksLeft[patch] = state.manners[patch]?.looks ?? 0
        }
    }

    public func remove(_ module: String) async throws {
        try state.withLock { state in
            guard !state.patches.contains(where: { $0.name == module && ($0.isEnabled || $0.isInTransition) }) else {
                throw LivepatchError(.kernelRefused, "The module '\(module)' cannot be unloaded: it is in use.")
            }
            guard state.modules.remove(module) != nil else {
                throw LivepatchError(.kernelRefused, "The module '\(module)' cannot be unloaded: it is not loaded.")
            }
            state.patches.removeAll { $0.name == module }
        }
    }
}
