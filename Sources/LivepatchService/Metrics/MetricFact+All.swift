extension MetricFact {
    /// Every metric of a server, in order of name. Those whose names Livepatch on-prem has are read by its dashboards and alert rules.
    public static let all: [MetricFact] = (requests + store + machines + state + expiry).sorted { $0.name < $1.name }

    private static let requests = [
        MetricFact(
            RequestMeter.duration, .histogram, ["handler", "method", "code"],
            "Time from the arrival of a request's head to the beginning of the answer, in seconds."),
        MetricFact(
            EntryMeter.duration, .histogram, ["token_type"], "Time that it took to find out whose a credential is, in seconds."),
        MetricFact(EntryMeter.count, .counter, ["token"], "Credentials that were checked, whatever came of it."),
        MetricFact(
            Governor.overload, .counter, [], "Requests that were refused because the server had too much to do."),
        MetricFact(
            GovernorGauges.requests, .gauge, ["caller", "state"],
            "Requests that are served (`served`), wait for their turn (`queued`) or for a change (`aside`), by who asks."),
        MetricFact(
            Governance.rateLimited, .counter, ["policy"], "Requests that were refused because somebody asks too often."),
        MetricFact(
            ConnectionPlaces.ended, .counter, ["reason"],
            "Connections that were ended because their client was too slow or sent too much, or because there were too many."),
        MetricFact(SecurityMeter.events, .counter, ["event"], "Events of the security log."),
        MetricFact(OpenConnections.gauge, .gauge, [], "Connections that clients hold open."),
    ]

    private static let store = [
        MetricFact(
            "livepatch_server_database_query_duration_seconds", .histogram, ["method"],
            "Time that a transaction of the database took, waiting included, in seconds."),
        MetricFact("livepatch_server_database_error_count", .counter, [], "Transactions that failed because of the database."),
    ]

    private static let machines = [
        MetricFact(
            MachineMeter.pings, .counter, ["ping_type", "patch_version", "kernel", "patch_state"],
            "What machines told while they applied a patch."),
        MetricFact(
            "livepatch_server_http_cutoff_date_count", .counter, [], "Check-ins of machines that have a cutoff date."),
        MetricFact(
            "livepatch_server_http_patch_delay_count", .counter, [], "Check-ins of machines that delay patches."),
        MetricFact(
            "livepatch_client_updates_with_unknown_kernel_total", .counter, [],
            "Check-ins of machines whose kernel no patch is for."),
        MetricFact(
            "livepatch_client_updates_without_build_date_total", .counter, [],
            "Check-ins of machines that do not tell when their kernel was built."),
        MetricFact(
            FleetGauges.machines, .gauge, ["tier", "state", "kernel_series"],
            "Machines attached to this server, by tier, patch state and kernel series."),
        MetricFact(
            FleetGauges.current, .gauge, ["tier"], "Machines that have the newest patch that their tier offers for their kernel."),
        MetricFact(FleetGauges.silent, .gauge, [], "Machines that have not been heard of for three check-in intervals."),
        MetricFact(FleetGauges.lastHour, .gauge, [], "Machines that were heard of within the last hour."),
        MetricFact(ServerGauges.reportQueue, .gauge, [], "Machines' reports that wait to be written."),
    ]

    private static let state = [
        MetricFact(ServerGauges.build, .gauge, ["version"], "1, with the release of the server."),
        MetricFact(ServerGauges.revision, .gauge, [], "The revision of the catalogue."),
        MetricFact(CatalogueGauges.versions, .gauge, ["tier"], "Patch versions that a tier offers."),
        MetricFact(CatalogueGauges.blocked, .gauge, [], "Patch versions that are blocked."),
        MetricFact(CatalogueGauges.files, .gauge, [], "Patch files in the catalogue."),
        MetricFact(CatalogueGauges.missing, .gauge, [], "Patch files in the catalogue whose content is missing or damaged."),
        MetricFact(
            CatalogueGauges.awaited, .gauge, [],
            "Patch files in the catalogue whose content is fetched when it is first asked for."),
        MetricFact(
            FetchGauges.underWay, .gauge, ["state"],
            "Fetches of content that was asked for: under way (`active`), or waiting for their turn (`queued`)."),
        MetricFact(
            FetchGauges.fetches, .counter, ["result"],
            "Fetches of content that was asked for, by what came of them: `fetched` or `failed`."),
        MetricFact(FetchGauges.bytes, .counter, [], "Bytes of content that was fetched because it was asked for."),
        MetricFact(
            FetchGauges.requests, .counter, [], "Requests for patch files that had to wait for a fetch from the upstream."),
        MetricFact(CatalogueGauges.bytes, .gauge, [], "Bytes of all patch files in the catalogue."),
        MetricFact(PatchCache.hits, .counter, [], "Downloads that were answered from the cache of patch files."),
        MetricFact(PatchCache.misses, .counter, [], "Downloads whose file was not in the cache of patch files."),
        MetricFact(
            PatchCache.evictions, .counter, [],
            "Files that had to make room for others in the cache of patch files; not those that nobody asked for in time."),
        MetricFact(PatchCacheGauges.length, .gauge, [], "Files in the cache of patch files; only where there is one."),
        MetricFact(
            PatchCacheGauges.bytes, .gauge, [],
            "Bytes of patch files that are held in memory for the cache, those that are still being sent included; only where there is one."
        ),
        MetricFact(ServerGauges.free, .gauge, [], "Bytes that can still be stored where the patch files are."),
        MetricFact(SyncGauges.enabled, .gauge, [], "1 on a server that syncs from an upstream, else 0."),
        MetricFact(SyncGauges.result, .gauge, ["result"], "1 for what the last sync ended with, 0 for everything else."),
        MetricFact(SyncGauges.age, .gauge, [], "Seconds since the end of the last sync that succeeded."),
        MetricFact(
            SyncGauges.lag, .gauge, [],
            "Seconds since this server's view was the origin's: the age of the last sync and the upstream's own lag at that time."
        ),
        MetricFact(SyncGauges.duration, .gauge, [], "How long the last sync took, in seconds."),
        MetricFact(SyncGauges.syncs, .counter, ["result"], "Syncs that have ended since the server was started."),
        MetricFact(
            SyncGauges.transferredFiles, .counter, [], "Patch files that syncs have fetched since the server was started."),
        MetricFact(
            SyncGauges.transferredBytes, .counter, [],
            "Bytes of patch files that syncs have fetched since the server was started."),
        MetricFact(
            SyncGauges.propagation, .histogram, [],
            "Time from the signing of a change, at the origin or at the server that owns the tiers, to its arrival here, in seconds.",
            bounds: [1, 2, 3, 5, 10, 30, 60, 300, 900, 3600, 7200, 21_600, 86_400, 604_800]),
        MetricFact(ServerGauges.listeners, .gauge, [], "Downstreams and machines that hold a request open to hear of changes."),
        MetricFact(SyncGauges.failures, .gauge, [], "Things that went wrong in the last sync."),
        MetricFact(
            QueueGauges.deliveries, .gauge, ["state"],
            "Messages to webhooks that wait to be delivered (`pending`) or were given up (`failed`)."),
        MetricFact(QueueGauges.disabled, .gauge, [], "Webhooks that are disabled."),
        MetricFact(ServerGauges.overflow, .counter, ["metric"], "Series that were folded into one because there were too many."),
    ]

    private static let expiry = [
        MetricFact(
            ExpiryGauges.signed, .gauge, ["repository", "signer", "role", "view"],
            "When signed metadata expires that this server shows, in seconds since 1970."),
        MetricFact(
            ExpiryGauges.trusted, .gauge, ["repository", "signer", "view"],
            "When the newest timestamp of the upstream that this server trusts expires, in seconds since 1970."),
        MetricFact(
            ExpiryGauges.certificate, .gauge, ["certificate"],
            "When a certificate that this server shows expires, in seconds since 1970; only where it has one."),
        MetricFact(
            QueueGauges.tokenExpiry, .gauge, ["kind", "token"],
            "When a token that can be used expires, in seconds since 1970; tokens without an end are not told."),
    ]
}
