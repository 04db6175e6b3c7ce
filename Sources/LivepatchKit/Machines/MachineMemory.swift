import Caching
import Synchronization

/// What machines last said, in memory: read from the store once, then carried on from report to report. The machines that were heard
/// of the longest ago are forgotten first.
public final class MachineMemory: Sendable {
    private struct State: Sendable {
        var known: LeastRecentlyUsed<HashedMachineID, MachineProgress>
        /// The number of the last read of each machine that is being read, and has not been forgotten meanwhile.
        var loading: [HashedMachineID: UInt64] = [:]
        var lastLoad: UInt64 = 0
    }

    private let machines: any MachineStore
    private let state: Mutex<State>

    /// - Parameter capacity: how many machines are remembered; a machine takes about a kilobyte.
    public init(machines: any MachineStore, capacity: Int = 65_536) {
        self.machines = machines
        state = Mutex(State(known: LeastRecentlyUsed(capacity: capacity)))
    }

    /// Goes on by a report. Two reports of one machine never do so at the same time.
    /// - Parameter take: what becomes of the progress; nothing does if it throws. It must not wait for anything.
    func advance<Value: Sendable>(
        _ machine: HashedMachineID, _ take: @Sendable (inout MachineProgress) throws -> Value
    ) async throws -> Value {
        func goOn(from progress: MachineProgress, _ state: inout State) throws -> Value {
            var progress = progress
            let value = try take(&progress)
            state.known.insert(progress, for: machine)
            return value
        }
        while true {
            let (known, load) = try state.withLock { state -> (Value?, UInt64) in
                if let progress = state.known.value(for: machine) { return (try goOn(from: progress, &state), 0) }
                state.lastLoad += 1
                state.loading[machine] = state.lastLoad
                return (nil, state.lastLoad)
            }
            if let known { return known }
            let stored = try await machines.machine(machine).map { MachineProgress($0) } ?? MachineProgress()
            let fresh = try state.withLock { state -> Value? in
                // Another read that began later knows better.
                let isCurrent = state.loading[machine] == load
                if isCurrent { state.loading[machine] = nil }
                if let progress = state.known.value(for: machine) { return try goOn(from: progress, &state) }
                return isCurrent ? try goOn(from: stored, &state) : nil
            }
            if let fresh { return fresh }
        }
    }

    /// Goes on by a report, if what the machine last said is here, for whoever cannot wait.
    /// - Parameter take: what becomes of the progress; nothing does if it returns `nil`.
    func advanceAtOnce<Value>(_ machine: HashedMachineID, _ take: (inout MachineProgress) -> Value?) -> Value? {
        state.withLock { state in
            guard var progress = state.known.value(for: machine), let value = take(&progress) else { return nil }
            state.known.insert(progress, for: machine)
            return value
        }
    }

    /// Reads a machine from the store again before its next report.
    public func forget(_ machine: HashedMachineID) {
        state.withLock { state in
            state.known.remove(machine)
            state.loading[machine] = nil
        }
    }
}
