public import FoundationEssentials

/// What is asked of machines as a whole, and what is kept of the deployments below: beside a ``MachineStore``, over the same machines.
public protocol FleetStore: Sendable {
    // MARK: This server's machines

    /// The machines of all tiers, or of one, grouped. In no order.
    func groups(tier: TierName?) async throws -> [MachineGroup]
    /// When the machines were last heard of.
    /// - Parameters:
    ///   - now: what ages count from.
    ///   - silentSince: machines last heard of before that, and those registered before that and never heard of, are silent.
    func presence(tier: TierName?, now: Date, silentSince: Date) async throws -> FleetPresence
    /// What machines say of what failed, the most frequent first.
    /// - Parameter version: only what is said of that patch version.
    func failures(tier: TierName?, version: PatchVersion?, limit: Int) async throws -> [FailureMessage]

    // MARK: Changes of this server's machines

    /// How far the changes have come.
    func machineFeed() async throws -> MachineFeedMark
    /// The machines that changed behind a place, in order of their last change; what was forgotten does not come.
    ///
    /// A machine has changed if tier, kernel, patch, state, message, sharing or tags have, or if it was heard of a day or more after
    /// its last change.
    func machineChanges(after sequence: Int64, limit: Int) async throws -> [MachineChange]

    // MARK: From below

    /// Keeps what a deployment reported with a sync token, in the place of all that it reported with that token before; what
    /// anybody reported with another one stays.
    /// - Parameters:
    ///   - reports: all with that token and reporter, each deployment once.
    ///   - received: the present time.
    /// - Throws: ``LivepatchError`` with the code `not-found` if there is no unrevoked token of that name.
    func replaceDownstreamReports(
        _ reports: [DownstreamReport], token: String, reporter: DeploymentID, received: Date
    ) async throws
    /// All that was reported with tokens that are not revoked, in order of token, reporter, deployment.
    func downstreamReports() async throws -> [DownstreamReport]
    /// How far the machines' reports of a deployment have come, and of how many machines they are; `nil` if the deployment was not
    /// reported.
    func downstreamFeed(_ source: DownstreamSource) async throws -> (mark: MachineFeedMark?, machines: Int)?
    /// Keeps a page of machines' reports in one transaction, if it begins where the last one ended, or begins anew.
    /// - Parameter page: begins anew if ``MachinePage/after`` is 0, and what there was is forgotten.
    /// - Returns: how far they have come afterwards; where a page did not fit, that is where they were before. `nil` if the deployment
    ///   was not reported.
    /// - Throws: ``LivepatchError`` with the code `request-too-large` if there would be more than ``FleetBounds/keptMachines``
    ///   machines of that token.
    func keep(_ page: MachinePage, from source: DownstreamSource) async throws -> (mark: MachineFeedMark?, machines: Int)?
    /// How far the machines' reports of that deployment have come here, as a sequence of this server's.
    func downstreamChangeMark(_ source: DownstreamSource) async throws -> MachineFeedMark?
    /// Machines of that deployment that came or changed behind a place of that sequence, in its order.
    func downstreamChanges(of source: DownstreamSource, after sequence: Int64, limit: Int) async throws -> [MachineChange]
    /// Machines of deployments below whose reports were passed on, in order of deployment, then id.
    /// - Parameter after: the machine to go on behind.
    func downstreamMachines(
        _ query: MachineQuery, among sources: [DownstreamSource], after: DownstreamMachine.Place?, limit: Int
    ) async throws -> [DownstreamMachine]
    func countDownstreamMachines(_ query: MachineQuery, among sources: [DownstreamSource]) async throws -> Int
}

/// Where something came from: whose it is, who told it, and with which sync token.
public struct DownstreamSource: Hashable, Sendable {
    /// The token's name.
    public let token: String
    public let reporter: DeploymentID
    public let deployment: DeploymentID

    public init(token: String, reporter: DeploymentID, deployment: DeploymentID) {
        self.token = token
        self.reporter = reporter
        self.deployment = deployment
    }
}

extension DownstreamReport {
    public var source: DownstreamSource { DownstreamSource(token: token, reporter: reporter, deployment: deployment) }
}

/// A machine with the number of its last change.
public struct MachineChange: Hashable, Sendable {
    public let sequence: Int64
    public let machine: Machine

    public init(sequence: Int64, machine: Machine) {
        self.sequence = sequence
        self.machine = machine
    }
}

/// A machine of a deployment below, as that told of it.
public struct DownstreamMachine: Hashable, Sendable, Codable {
    /// Where a machine stands in the order of all.
    public struct Place: Hashable, Sendable, Codable {
        public let deployment: DeploymentID
        public let machine: HashedMachineID

        public init(deployment: DeploymentID, machine: HashedMachineID) {
            self.deployment = deployment
            self.machine = machine
        }
    }

    public let deployment: DeploymentID
    public let machine: Machine

    public init(deployment: DeploymentID, machine: Machine) {
        self.deployment = deployment
        self.machine = machine
    }

    public var place: Place { Place(deployment: deployment, machine: machine.id) }
}
