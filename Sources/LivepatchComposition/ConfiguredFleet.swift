public import FoundationEssentials
public import LivepatchConfiguration
public import LivepatchKit
public import Logging

extension ServerConfiguration {
    /// What counts a server's machines.
    public func fleetCensus(
        _ store: any FleetStore, catalog: any Catalog, tiers: TierStateCache, now: @escaping @Sendable () -> Date
    ) -> FleetCensus {
        FleetCensus(
            store: store, catalog: catalog, tiers: tiers,
            silentAfter: FleetCensus.silence(checkInInterval: machines.checkInInterval), now: now)
    }

    /// What tells the upstream of them after each sync.
    public func fleetReporter(
        _ deployment: DeploymentID, store: any FleetStore, census: FleetCensus, logger: Logger,
        now: @escaping @Sendable () -> Date
    ) -> FleetReporter {
        FleetReporter(
            deployment: deployment, census: census, store: store,
            settings: FleetReporter.Settings(
                strategy: machines.countStrategy, sendsMachineReports: machines.sendsReports, interval: sync.interval),
            logger: logger, now: now)
    }
}
