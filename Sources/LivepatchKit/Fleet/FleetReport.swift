public import FoundationEssentials

/// What a downstream tells its upstream after each sync (the body of `POST /v1/sync/fleet-report`): its machines in numbers, and the
/// latest numbers of the deployments below it.
public struct FleetReport: Hashable, Sendable, Codable {
    /// One deployment's numbers.
    public struct Entry: Hashable, Sendable, Codable {
        public let deployment: DeploymentID
        /// The deployments on the way from the reporter to this one, this one last; empty for the reporter itself.
        public let route: [DeploymentID]
        /// How old the numbers were when the report was made, in seconds: no clock has to agree with another one.
        public let ageSeconds: Int64
        /// From which age on the numbers are stale, in seconds: something on the way no longer reports.
        public let staleAfterSeconds: Int64
        public let strategy: MachineCountStrategy
        public let tally: FleetTally
        /// How far the changes of this deployment's machines have come at the reporter; `nil` if it does not pass on machines' reports.
        public let feed: MachineFeedMark?

        public init(
            deployment: DeploymentID, route: [DeploymentID], ageSeconds: Int64, staleAfterSeconds: Int64,
            strategy: MachineCountStrategy, tally: FleetTally, feed: MachineFeedMark?
        ) {
            self.deployment = deployment
            self.route = route
            self.ageSeconds = ageSeconds
            self.staleAfterSeconds = staleAfterSeconds
            self.strategy = strategy
            self.tally = tally
            self.feed = feed
        }
    }

    /// Who reports.
    public let deployment: DeploymentID
    /// When, by the reporter's clock.
    public let time: Date
    /// The reporter's own numbers first, then those of the deployments below it.
    public let entries: [Entry]
    /// How many deployments are not told, because the report would have become too large.
    public let deploymentsLeftOut: Int

    public init(deployment: DeploymentID, time: Date, entries: [Entry], deploymentsLeftOut: Int = 0) {
        self.deployment = deployment
        self.time = Timestamp.wholeSecond(time)
        self.entries = entries
        self.deploymentsLeftOut = deploymentsLeftOut
    }
}

/// A place in the sequence of changes of a deployment's machines.
public struct MachineFeedMark: Hashable, Sendable, Codable {
    /// Which sequence it is: another one after the database was made anew. 1 to 64 letters or digits.
    public let epoch: String
    /// Grows with each change; 0 before the first one.
    public let sequence: Int64

    public init(epoch: String, sequence: Int64) {
        self.epoch = epoch
        self.sequence = sequence
    }
}

/// What the upstream answers to a ``FleetReport``.
public struct FleetReceipt: Hashable, Sendable, Codable {
    /// How far the upstream has come with the machines' reports of a deployment.
    public struct Feed: Hashable, Sendable, Codable {
        public let deployment: DeploymentID
        /// `nil` if it has none.
        public let mark: MachineFeedMark?
        /// How many machines of it the upstream knows.
        public let machines: Int

        public init(deployment: DeploymentID, mark: MachineFeedMark?, machines: Int) {
            self.deployment = deployment
            self.mark = mark
            self.machines = machines
        }
    }

    /// How many deployments' numbers were kept.
    public let deployments: Int
    /// For each deployment that was reported with a feed.
    public let feeds: [Feed]

    public init(deployments: Int, feeds: [Feed]) {
        self.deployments = deployments
        self.feeds = feeds
    }
}
