public import FoundationEssentials

/// A deployment's numbers as they arrived from below.
public struct DownstreamReport: Hashable, Sendable, Codable {
    /// The name of the sync token that they came with.
    public let token: String
    /// The deployments on the way from this server to the one that the numbers are of, this one last.
    public let route: [DeploymentID]
    /// When the numbers were true, by this server's clock.
    public let asOf: Date
    /// From which age on they are stale, in seconds.
    public let staleAfterSeconds: Int64
    public let strategy: MachineCountStrategy
    public let tally: FleetTally
    /// How many deployments the reporter could not tell of.
    public let deploymentsLeftOut: Int
    /// How far the reporter has come with the changes of its machines, if it passes on machines' reports.
    public let feed: MachineFeedMark?

    /// - Precondition: the route is not empty.
    public init(
        token: String, route: [DeploymentID], asOf: Date, staleAfterSeconds: Int64, strategy: MachineCountStrategy,
        tally: FleetTally, deploymentsLeftOut: Int = 0, feed: MachineFeedMark? = nil
    ) {
        precondition(!route.isEmpty, "numbers come from somewhere")
        self.token = token
        self.route = route
        self.asOf = Timestamp.wholeSecond(asOf)
        self.staleAfterSeconds = staleAfterSeconds
        self.strategy = strategy
        self.tally = tally
        self.deploymentsLeftOut = deploymentsLeftOut
        self.feed = feed
    }

    /// Whose numbers they are.
    public var deployment: DeploymentID { route[route.count - 1] }
    /// The deployment that told them, and that syncs from this server.
    public var reporter: DeploymentID { route[0] }

    /// In seconds; never negative.
    public func age(at time: Date) -> Int64 { max(0, Int64(time.timeIntervalSince(asOf))) }

    /// Whether something on the way no longer reports.
    public func isStale(at time: Date) -> Bool { age(at: time) > staleAfterSeconds }
}

extension Sequence<DownstreamReport> {
    /// One report for each deployment, the newest, in order of deployment: one that can be reached on several ways counts once.
    public func newestOfEach() -> [DownstreamReport] {
        var newest: [DeploymentID: DownstreamReport] = [:]
        for report in self {
            guard let known = newest[report.deployment] else {
                newest[report.deployment] = report
                continue
            }
            let isNewer = (report.asOf, -report.route.count, report.token) > (known.asOf, -known.route.count, known.token)
            if isNewer { newest[report.deployment] = report }
        }
        return newest.values.sorted { $0.deployment < $1.deployment }
    }
}
