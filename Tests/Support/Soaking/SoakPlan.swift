/// How a soak goes.
public struct SoakPlan: Sendable {
    /// Something that breaks a promise on purpose, to see that it is noticed.
    public enum Sabotage: String, Sendable, CaseIterable {
        /// One byte of a stored patch file is changed at the end.
        case tamper
        /// A blocked version is unblocked by somebody whom nobody knows.
        case unblock
        /// The server goes on from a copy of its data that is older than what it has acknowledged.
        case forget
    }

    /// How long there is load with faults, in seconds. Setting up and checking come on top of it, most often half a
    /// minute: a sync that was pausing between two attempts is waited for.
    public var seconds: Int
    /// What all that is random follows from. What happens when depends on the machine too.
    public var seed: UInt64
    /// How many machines there are.
    public var machines: Int
    public var sabotage: [Sabotage]

    public init(seconds: Int, seed: UInt64, machines: Int = 24, sabotage: [Sabotage] = []) {
        self.seconds = max(1, seconds)
        self.seed = seed
        self.machines = max(1, machines)
        self.sabotage = sabotage
    }
}

/// What a soak found.
public struct SoakResult: Sendable {
    public let breaches: [Breach]
    /// How often what was done.
    public let counts: [String: Int]
    /// The faults that could not be made here, and why.
    public let skipped: [String]
}
