public import FoundationEssentials

/// How a machine is: what its agent remembers, and what its kernel shows now.
public struct MachineStatus: Sendable {
    public let attachment: MachineAttachment
    public let memory: AgentMemory
    /// The running kernel; `nil` if it is not one that patches are named by.
    public let kernel: RunningKernel?
    /// How long it has been running; `nil` if it does not say.
    public let uptime: Duration?
    /// The patch in it that the agent put there; `nil` if there is none.
    public let live: LoadedPatch?
    /// Why it cannot be patched from here.
    public let obstacles: [LivepatchError]
    /// Whether the agent's service runs; `nil` if that cannot be told.
    public let isServiceRunning: Bool?
    public let clientVersion: String
    public let time: Date

    public init(
        attachment: MachineAttachment, memory: AgentMemory, kernel: RunningKernel?, uptime: Duration?, live: LoadedPatch?,
        obstacles: [LivepatchError], isServiceRunning: Bool?, clientVersion: String, time: Date
    ) {
        self.attachment = attachment
        self.memory = memory
        self.kernel = kernel
        self.uptime = uptime
        self.live = live
        self.obstacles = obstacles
        self.isServiceRunning = isServiceRunning
        self.clientVersion = clientVersion
        self.time = time
    }

    /// The patch that is in the kernel; `nil` if what is remembered is of another boot, or somebody took it out.
    public var applied: AppliedPatch? {
        guard let applied = memory.applied, let kernel, applied.bootID == kernel.bootID, live?.isEnabled == true else {
            return nil
        }
        return applied
    }

    /// The state as it is now, which is not always the one that was remembered.
    public var state: PatchState {
        switch memory.state {
        case .applied where applied == nil: .needsCheck
        case .unapplied where applied != nil && live?.isInTransition == false: .applied
        default: memory.state
        }
    }
}
