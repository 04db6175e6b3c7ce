public import FoundationEssentials
public import LivepatchKit
public import Logging

/// The use cases that concern machines as a whole.
public struct FleetParts: Sendable {
    public var intake: FleetIntake
    public var inquiry: FleetInquiry
    public var administration: MachineAdministration
    /// Whether the server keeps what its machines report.
    public var keepsReports: Bool

    /// Builds the use cases on the stores.
    /// - Parameters:
    ///   - deployment: this server.
    ///   - census: counts its machines.
    ///   - keepsReports: whether it keeps what they report (`machine-reports.database.enabled`).
    ///   - now: the current time.
    public init(
        store: any FleetStore, census: FleetCensus, machines: MachineParts, catalog: any Catalog, deployment: DeploymentID,
        keepsReports: Bool, logger: Logger, now: @escaping @Sendable () -> Date
    ) {
        self.keepsReports = keepsReports
        intake = FleetIntake(deployment: deployment, store: store, logger: logger, now: now)
        inquiry = FleetInquiry(
            deployment: deployment, census: census, store: store, catalog: catalog, keepsReports: keepsReports, now: now)
        administration = MachineAdministration(
            machines: machines.store, fleet: store, deployment: deployment, key: machines.key,
            forgotten: { [memory = machines.memory] ids in for id in ids { memory.forget(id) } }, now: now)
    }
}
