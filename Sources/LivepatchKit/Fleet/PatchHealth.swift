/// How a patch version does on machines.
public struct PatchHealth: Hashable, Sendable, Codable {
    /// Machines by what became of the patch version on them.
    public struct Counts: Hashable, Sendable, Codable {
        /// It is applied, and nothing is known to be wrong with it there.
        public var applied = 0
        /// It could not be applied, or is applied and known to be bad.
        public var failed = 0
        /// It is the newest that they may have, and they have neither applied it nor failed to.
        public var pending = 0

        public init(applied: Int = 0, failed: Int = 0, pending: Int = 0) {
            self.applied = applied
            self.failed = failed
            self.pending = pending
        }

        public var isEmpty: Bool { applied + failed + pending == 0 }

        static func += (left: inout Counts, right: Counts) {
            left.applied += right.applied
            left.failed += right.failed
            left.pending += right.pending
        }
    }

    /// The machines that run one kernel.
    public struct KernelCounts: Hashable, Sendable, Codable {
        public let kernel: MachineKernel
        public var counts: Counts
    }

    public let version: PatchVersion
    public internal(set) var counts: Counts
    /// In order of kernel.
    public internal(set) var kernels: [KernelCounts]
    /// What machines say of failures, the most frequent first.
    public internal(set) var failures: [FailureMessage]

    /// The health of a patch version among machines that have been counted.
    /// - Parameter tier: only machines of that tier; `nil` for all.
    public init(of version: PatchVersion, tier: TierName?, in tallies: [FleetTally]) {
        self.version = version
        var counts = Counts()
        var kernels: [MachineKernel: Counts] = [:]
        var failures: [FailureKey: Int] = [:]
        for tally in tallies {
            for line in tally.lines where tier == nil || line.tier == tier {
                let these = Self.counts(of: version, in: line)
                counts += these
                if let kernel = line.kernel, !these.isEmpty { kernels[kernel, default: Counts()] += these }
            }
            for failure in tally.failures where failure.version == version && (tier == nil || failure.tier == tier) {
                failures[FailureKey(failure), default: 0] += failure.machines
            }
        }
        self.counts = counts
        self.kernels = kernels.map { KernelCounts(kernel: $0, counts: $1) }.sorted { $0.kernel < $1.kernel }
        self.failures = failures.map { key, machines in
            FailureMessage(tier: key.tier, version: version, state: key.state, message: key.message, machines: machines)
        }.sorted { ($1.machines, $0.message, $0.tier.description) < ($0.machines, $1.message, $1.tier.description) }
    }

    private struct FailureKey: Hashable {
        let tier: TierName
        let state: PatchState
        let message: String

        init(_ failure: FailureMessage) {
            tier = failure.tier
            state = failure.state
            message = failure.message
        }
    }

    /// What became of a version on the machines of a line.
    static func counts(of version: PatchVersion, in line: FleetTally.Line) -> Counts {
        let isFailure = line.state == .applyFailed || line.state == .appliedWithBug
        if isFailure, (line.attempted ?? line.applied) == version { return Counts(failed: line.machines) }
        if line.applied == version { return Counts(applied: line.machines) }
        let isDue = line.newest == version && !line.isCurrent
        return isDue ? Counts(pending: line.machines) : Counts()
    }
}
