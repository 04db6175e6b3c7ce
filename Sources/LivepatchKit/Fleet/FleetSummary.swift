public import FoundationEssentials

/// A fleet at a glance.
public struct FleetSummary: Hashable, Sendable, Codable {
    /// Some of the machines: those of a tier, of a kernel, with a patch, in a state.
    public struct Share: Hashable, Sendable, Codable {
        /// What they have in common.
        public let name: String
        public var machines: Int
        /// Those that have the newest patch that they may have.
        public var current: Int
    }

    /// All that were heard of, and were counted.
    public internal(set) var machines: Int
    /// Those that have the newest patch applied that they may have.
    public internal(set) var current: Int
    /// ``current`` of ``machines`` in percent, to a tenth; `nil` if there are no machines.
    public internal(set) var coveragePercent: Double?
    /// Whether the numbers are exact; otherwise each is that many at least.
    public internal(set) var isExact: Bool
    public internal(set) var presence: FleetPresence
    /// The largest first.
    public internal(set) var tiers: [Share]
    public internal(set) var kernels: [Share]
    public internal(set) var patches: [Share]
    public internal(set) var states: [Share]
    /// Machines of deployments below that are in none of those shares, because there were too many lines to tell.
    public internal(set) var machinesLeftOut: Int

    /// What is called a patch where there is none.
    static let none = "none"
    /// What is called a kernel where none was told.
    static let unknown = "unknown"

    /// Adds up deployments.
    /// - Parameter isExact: whether all of them tell exact numbers.
    public init(_ tallies: [FleetTally], isExact: Bool) {
        machines = tallies.reduce(0) { $0 + $1.machines }
        current = tallies.reduce(0) { $0 + $1.current }
        coveragePercent = Self.percent(current, of: machines)
        self.isExact = isExact
        presence = tallies.reduce(into: FleetPresence()) { $0 += $1.presence }
        let lines = tallies.flatMap(\.lines)
        tiers = Self.shares(lines) { $0.tier.description }
        kernels = Self.shares(lines) { $0.kernel?.description ?? Self.unknown }
        patches = Self.shares(lines) { $0.applied?.description ?? Self.none }
        states = Self.shares(lines) { $0.state.rawValue }
        machinesLeftOut = tallies.reduce(0) { $0 + $1.machinesLeftOut }
    }

    private static func shares(_ lines: [FleetTally.Line], _ name: (FleetTally.Line) -> String) -> [Share] {
        var shares: [String: Share] = [:]
        for line in lines {
            let name = name(line)
            var share = shares[name] ?? Share(name: name, machines: 0, current: 0)
            share.machines += line.machines
            share.current += line.isCurrent ? line.machines : 0
            shares[name] = share
        }
        return shares.values.sorted { ($1.machines, $0.name) < ($0.machines, $1.name) }
    }

    static func percent(_ part: Int, of whole: Int) -> Double? {
        guard whole > 0 else { return nil }
        // Down, so that 100 means all of them.
        return (Double(min(part, whole)) * 1000 / Double(whole)).rounded(.down) / 10
    }
}

/// The numbers of one deployment, with how fresh they are.
public struct DeploymentNumbers: Hashable, Sendable, Codable {
    public let deployment: DeploymentID
    /// The deployments on the way, this one last; empty for the server that is asked.
    public let route: [DeploymentID]
    /// When they were true.
    public let asOf: Date
    public let ageSeconds: Int64
    /// Whether they are older than they can be where everything on the way reports.
    public let isStale: Bool
    /// Whether they are exact; otherwise each is that many at least.
    public let isExact: Bool
    public let machines: Int
    public let current: Int
    public let silent: Int
    public let coveragePercent: Double?
    /// How a patch version does there, if that was asked for.
    public let health: PatchHealth.Counts?
    /// Deployments below it that it could not tell of.
    public let deploymentsLeftOut: Int

    init(
        deployment: DeploymentID, route: [DeploymentID], asOf: Date, ageSeconds: Int64, isStale: Bool, isExact: Bool,
        tally: FleetTally, health: PatchHealth.Counts?, deploymentsLeftOut: Int
    ) {
        self.deployment = deployment
        self.route = route
        self.asOf = Timestamp.wholeSecond(asOf)
        self.ageSeconds = ageSeconds
        self.isStale = isStale
        self.isExact = isExact
        machines = tally.machines
        current = tally.current
        silent = tally.presence.silent
        coveragePercent = FleetSummary.percent(tally.current, of: tally.machines)
        self.health = health
        self.deploymentsLeftOut = deploymentsLeftOut
    }
}
