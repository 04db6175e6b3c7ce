public import FoundationEssentials

/// Answers what administrators ask about machines as a whole, here and in the deployments below.
public struct FleetInquiry: Sendable {
    /// A summary with the deployments that it is made of.
    public struct Summary: Hashable, Sendable, Codable {
        public let time: Date
        public let summary: FleetSummary
        /// This server first, then those below, if they are included.
        public let deployments: [DeploymentNumbers]
        /// Whether deployments below this server report to it, included or not.
        public let hasDownstreams: Bool
        /// Whether this server keeps what its machines report.
        public let keepsReports: Bool
    }

    /// The health of a patch version with the deployments in which it was looked for.
    public struct Health: Hashable, Sendable, Codable {
        public let time: Date
        /// `nil` for all tiers.
        public let tier: TierName?
        public let health: PatchHealth
        /// Whether the numbers are exact; otherwise each is that many at least.
        public let isExact: Bool
        /// This server first, then those below, if they are included.
        public let deployments: [DeploymentNumbers]
        public let hasDownstreams: Bool
        public let keepsReports: Bool
    }

    private let deployment: DeploymentID
    private let census: FleetCensus
    private let store: any FleetStore
    private let catalog: any Catalog
    private let keepsReports: Bool
    private let now: @Sendable () -> Date

    /// - Parameters:
    ///   - deployment: this server.
    ///   - keepsReports: whether it keeps what its machines report (`machine-reports.database.enabled`).
    ///   - now: the current time.
    public init(
        deployment: DeploymentID, census: FleetCensus, store: any FleetStore, catalog: any Catalog, keepsReports: Bool,
        now: @escaping @Sendable () -> Date
    ) {
        self.deployment = deployment
        self.census = census
        self.store = store
        self.catalog = catalog
        self.keepsReports = keepsReports
        self.now = now
    }

    /// - Parameter includesDownstreams: whether the latest numbers of the deployments below are added.
    public func summary(includesDownstreams: Bool) async throws -> Summary {
        let (own, below) = try await numbers(tier: nil)
        let included = includesDownstreams ? below : []
        let time = now()
        return Summary(
            time: Timestamp.wholeSecond(time),
            summary: FleetSummary([own] + included.map(\.tally), isExact: included.allSatisfy { $0.strategy == .unit }),
            deployments: [line(own, nil, at: time)] + included.map { line($0, nil, at: time) },
            hasDownstreams: !below.isEmpty, keepsReports: keepsReports)
    }

    /// - Parameter tier: only machines of the tier of that name, in each deployment; `nil` for all tiers.
    /// - Throws: ``LivepatchError`` with the codes `tier-unknown` (no deployment that is asked has it) and `version-unknown`.
    public func health(of version: PatchVersion, tier: TierName?, includesDownstreams: Bool) async throws -> Health {
        let (state, _) = try await catalog.tierState()
        let (own, below) = try await numbers(tier: tier)
        let included = includesDownstreams ? below : []
        if let tier, !state.tiers.contains(tier), !included.contains(where: { $0.tally.lines.contains { $0.tier == tier } }) {
            throw LivepatchError.tierUnknown(tier, among: state.tiers)
        }
        let health = PatchHealth(of: version, tier: tier, in: [own] + included.map(\.tally))
        if health.counts.isEmpty, try await catalog.version(version) == nil {
            throw LivepatchError(
                .versionUnknown, "There is no patch version \(version) here, and no machine reports it.",
                suggestion: "List the patch versions with `livepatch-admin patch list`.")
        }
        let time = now()
        func counts(_ tally: FleetTally) -> PatchHealth.Counts { PatchHealth(of: version, tier: tier, in: [tally]).counts }
        return Health(
            time: Timestamp.wholeSecond(time), tier: tier, health: health,
            isExact: included.allSatisfy { $0.strategy == .unit },
            deployments: [line(own, counts(own), at: time)] + included.map { line($0, counts($0.tally), at: time) },
            hasDownstreams: !below.isEmpty, keepsReports: keepsReports)
    }

    /// The newest report of each deployment below, without this server itself, should one claim to be it.
    private func numbers(tier: TierName?) async throws -> (own: FleetTally, below: [DownstreamReport]) {
        let below = try await store.downstreamReports().newestOfEach().filter { $0.deployment != deployment }
        return (try await census.tally(tier: tier), below)
    }

    private func line(_ tally: FleetTally, _ health: PatchHealth.Counts?, at time: Date) -> DeploymentNumbers {
        DeploymentNumbers(
            deployment: deployment, route: [], asOf: time, ageSeconds: 0, isStale: false, isExact: true, tally: tally,
            health: health, deploymentsLeftOut: 0)
    }

    private func line(_ report: DownstreamReport, _ health: PatchHealth.Counts?, at time: Date) -> DeploymentNumbers {
        DeploymentNumbers(
            deployment: report.deployment, route: report.route, asOf: report.asOf, ageSeconds: report.age(at: time),
            isStale: report.isStale(at: time), isExact: report.strategy == .unit, tally: report.tally, health: health,
            deploymentsLeftOut: report.deploymentsLeftOut)
    }
}
