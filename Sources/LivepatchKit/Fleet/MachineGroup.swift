/// The machines of a server that have tier, kernel, patch and state in common, and how many they are.
public struct MachineGroup: Hashable, Sendable {
    public let tier: TierName
    /// `nil` for machines that have registered and not checked in yet.
    public let kernel: MachineKernel?
    /// The patch version that is applied; `nil` for none.
    public let applied: PatchVersion?
    /// The patch version that the state is about, if it is not the one applied.
    public let attempted: PatchVersion?
    public let state: PatchState
    public let machines: Int

    public init(
        tier: TierName, kernel: MachineKernel?, applied: PatchVersion?, attempted: PatchVersion?, state: PatchState, machines: Int
    ) {
        self.tier = tier
        self.kernel = kernel
        self.applied = applied
        self.attempted = attempted
        self.state = state
        self.machines = machines
    }
}

/// What machines say of a patch that failed, and how many say the same.
public struct FailureMessage: Hashable, Sendable, Codable {
    public let tier: TierName
    /// The patch version that failed; `nil` where a machine could not even ask for one.
    public let version: PatchVersion?
    public let state: PatchState
    /// In the machines' words, cut to ``FleetBounds/messageLimit``.
    public let message: String
    public let machines: Int

    public init(tier: TierName, version: PatchVersion?, state: PatchState, message: String, machines: Int) {
        self.tier = tier
        self.version = version
        self.state = state
        self.message = FleetBounds.cut(message, to: FleetBounds.messageLimit)
        self.machines = machines
    }

    func told(by strategy: MachineCountStrategy) -> FailureMessage {
        FailureMessage(tier: tier, version: version, state: state, message: message, machines: strategy.told(machines))
    }
}
