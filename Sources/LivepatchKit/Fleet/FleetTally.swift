/// The machines of one deployment in numbers, none of which names a machine.
public struct FleetTally: Hashable, Sendable, Codable {
    /// Machines that have tier, kernel, patch and state in common.
    public struct Line: Hashable, Sendable, Codable {
        public let tier: TierName
        /// `nil` for machines that have not checked in yet.
        public let kernel: MachineKernel?
        public let applied: PatchVersion?
        public let attempted: PatchVersion?
        public let state: PatchState
        /// The newest patch version that the deployment offers in that tier for that kernel; `nil` if it offers none.
        public let newest: PatchVersion?
        /// Whether ``newest`` is applied.
        public let isCurrent: Bool
        public let machines: Int

        public init(_ group: MachineGroup, newest: PatchVersion?, isCurrent: Bool) {
            self.init(
                tier: group.tier, kernel: group.kernel, applied: group.applied, attempted: group.attempted, state: group.state,
                newest: newest, isCurrent: isCurrent, machines: group.machines)
        }

        private init(
            tier: TierName, kernel: MachineKernel?, applied: PatchVersion?, attempted: PatchVersion?, state: PatchState,
            newest: PatchVersion?, isCurrent: Bool, machines: Int
        ) {
            self.tier = tier
            self.kernel = kernel
            self.applied = applied
            self.attempted = attempted
            self.state = state
            self.newest = newest
            self.isCurrent = isCurrent
            self.machines = machines
        }

        func told(by strategy: MachineCountStrategy) -> Line {
            Line(
                tier: tier, kernel: kernel, applied: applied, attempted: attempted, state: state, newest: newest,
                isCurrent: isCurrent, machines: strategy.told(machines))
        }
    }

    /// All machines that the deployment has heard of.
    public var machines: Int
    /// Those that have the newest patch applied that they may have.
    public var current: Int
    public var presence: FleetPresence
    /// The largest first.
    public var lines: [Line]
    /// The most frequent first.
    public var failures: [FailureMessage]
    /// How many machines are in no line, because there were more lines than are told.
    public var machinesLeftOut: Int

    public init(
        machines: Int, current: Int, presence: FleetPresence, lines: [Line], failures: [FailureMessage], machinesLeftOut: Int = 0
    ) {
        self.machines = machines
        self.current = current
        self.presence = presence
        self.lines = lines
        self.failures = failures
        self.machinesLeftOut = machinesLeftOut
    }

    /// The same with every number told by a strategy.
    public func told(by strategy: MachineCountStrategy) -> FleetTally {
        FleetTally(
            machines: strategy.told(machines), current: strategy.told(current), presence: presence.told(by: strategy),
            lines: lines.map { $0.told(by: strategy) }, failures: failures.map { $0.told(by: strategy) },
            machinesLeftOut: strategy.told(machinesLeftOut))
    }

    /// The same with no more lines and messages than a number of each: the largest stay, the rest is counted as left out.
    public func bounded(lines limit: Int, failures failureLimit: Int) -> FleetTally {
        var bounded = self
        bounded.lines = Array(lines.prefix(limit))
        bounded.failures = Array(failures.prefix(failureLimit))
        bounded.machinesLeftOut += lines.dropFirst(limit).reduce(0) { $0 + $1.machines }
        return bounded
    }
}

/// When machines were last heard of.
public struct FleetPresence: Hashable, Sendable, Codable {
    /// Within the last hour, the last day but not the last hour, and so on.
    public var hour: Int
    public var day: Int
    public var week: Int
    public var older: Int
    /// Registered, and never checked in.
    public var never: Int
    /// Not heard of for so long that they are missed; also counted above.
    public var silent: Int

    public init(hour: Int = 0, day: Int = 0, week: Int = 0, older: Int = 0, never: Int = 0, silent: Int = 0) {
        self.hour = hour
        self.day = day
        self.week = week
        self.older = older
        self.never = never
        self.silent = silent
    }

    func told(by strategy: MachineCountStrategy) -> FleetPresence {
        FleetPresence(
            hour: strategy.told(hour), day: strategy.told(day), week: strategy.told(week), older: strategy.told(older),
            never: strategy.told(never), silent: strategy.told(silent))
    }

    static func += (left: inout FleetPresence, right: FleetPresence) {
        left.hour += right.hour
        left.day += right.day
        left.week += right.week
        left.older += right.older
        left.never += right.never
        left.silent += right.silent
    }
}
