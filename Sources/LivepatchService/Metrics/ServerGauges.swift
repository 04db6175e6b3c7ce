public import FoundationEssentials
public import LivepatchKit
public import Logging
import Metrics

/// What a server knows of itself as gauges. They are refreshed when somebody looks, and by a ``MetricsService`` for backends that look
/// by themselves.
public struct ServerGauges: Sendable {
    static let build = "livepatch_server_build_info"
    static let revision = "livepatch_server_catalogue_revision"
    static let free = "livepatch_server_storage_free_bytes"
    static let listeners = "livepatch_server_push_listeners"
    static let reportQueue = "livepatch_server_report_queue_length"
    /// What a backend may count series under that were too many.
    public static let overflow = "livepatch_server_metrics_overflow_total"

    /// Read whenever somebody looks.
    private let quick: [PacedGauges]
    /// Read in the background: whoever looks gets what was read last.
    private let slow: [PacedGauges]

    /// - Parameters:
    ///   - census: counts this server's machines.
    ///   - pause: the least time between two counts of machines, tokens and messages.
    ///   - quickPause: the least time between two looks at what costs next to nothing.
    ///   - now: the current time.
    public init(
        _ parts: ServerParts, census: FleetCensus, pause: Duration = .seconds(10), quickPause: Duration = .milliseconds(500),
        logger: Logger,
        now: @escaping @Sendable () -> Date
    ) {
        let factory = parts.machines.metrics
        func paced(_ group: any GaugeGroup, _ pause: Duration) -> PacedGauges {
            PacedGauges(group, pause: pause, logger: logger, now: now)
        }
        quick = [
            paced(StateGauges(parts, factory), quickPause), paced(SyncGauges(parts.sync, factory), quickPause),
            paced(GovernorGauges(parts.governance.governor, factory), quickPause),
            paced(FetchGauges(parts.fetcher, factory), quickPause),
            paced(PatchCacheGauges(parts.cache, factory), quickPause),
        ]
        slow = [
            paced(CatalogueGauges(parts.catalog, tiers: parts.tiers, factory), .seconds(2)),
            paced(FleetGauges(census, factory), pause), paced(TrustGauges(parts.trust, factory), pause),
            paced(
                QueueGauges(
                    webhooks: parts.webhooks, tokens: parts.tokens, authTokens: parts.machines.authTokens, factory), pause),
        ]
    }

    /// Refreshes what is due. What takes long is only begun.
    public func refresh() async {
        for gauges in slow { Task { await gauges.refresh() } }
        for gauges in quick { await gauges.refresh() }
    }

    /// Refreshes what is due, and waits for all of it.
    func refreshAll() async {
        for gauges in quick + slow { await gauges.refresh() }
    }
}
