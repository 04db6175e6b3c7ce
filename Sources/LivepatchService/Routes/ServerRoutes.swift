import Hummingbird
import LivepatchKit
import Logging

/// All routes of a server (`LivepatchAPI`'s paths), each group with the use cases that it calls.
enum ServerRoutes {
    /// - Parameter entrance: where they are answered; not all of them are everywhere.
    static func responder(
        _ parts: ServerParts, _ options: ServerOptions, at entrance: Entrance = Entrance()
    ) -> RouterResponder<ServiceRequestContext> {
        routes(parts, options, at: entrance).responder
    }

    /// - Parameter logger: what requests are logged by; everything is answered by these routes alone where there is none.
    static func routes(
        _ parts: ServerParts, _ options: ServerOptions, at entrance: Entrance = Entrance(), logger: Logger? = nil
    ) -> Routes {
        var gate = parts.gate
        gate.entrance = entrance
        let entryMeter = EntryMeter(parts.machines.metrics)
        let meter = RequestMeter(parts.machines.metrics)
        let machineMeter = MachineMeter(parts.machines.metrics)
        var hot: HotAnswers?
        if let logger, let revision = parts.promptRevision {
            let cache = options.downloadRedirect == nil ? parts.cache : nil
            hot = HotAnswers(
                revision: revision, downloads: cache.map { HotDownloads(delivery: parts.delivery, cache: $0) },
                documents: parts.promptDocuments.map { documents in
                    HotDocuments(documents) { [sync = parts.sync, now = parts.now] in sync.lagAtOnce(at: now()) }
                },
                checkIns: HotCheckIns(machines: parts.machines, meter: machineMeter, now: parts.now), gate: gate,
                governance: parts.governance, entryMeter: entryMeter, requestMeter: meter, logger: logger)
        }
        let routes = Routes(
            gate: gate, repeats: parts.repeats, entryMeter: entryMeter, governance: parts.governance, meter: meter,
            security: parts.security, hot: hot)
        let lastSync: (@Sendable () async throws -> SyncReport?)? = parts.sync.coordinator == nil ? nil : parts.sync.last
        HealthRoutes(
            catalog: parts.catalog, storage: parts.storage, deployment: parts.deployment, started: parts.started,
            lastSync: lastSync, tls: entrance.tls, now: parts.now, identity: parts.identity
        ).add(to: routes)
        if let metrics = parts.metrics {
            MetricsRoutes(exposition: metrics, security: parts.security, now: parts.now).add(to: routes)
        }
        DocumentRoutes(
            publisher: parts.publisher, lag: { [sync = parts.sync, now = parts.now] in try? await sync.lag(at: now()) }
        ).add(to: routes)
        EventRoutes(watch: parts.watch, admitsMachines: options.announcesToMachines).add(to: routes)
        MetadataRoutes(publisher: parts.publisher).add(to: routes)
        DownloadRoutes(
            delivery: parts.delivery, redirect: options.downloadRedirect, cache: parts.cache, hot: hot?.downloads
        ).add(to: routes)
        LoginRoutes(
            accounts: parts.accounts, acceptsPasswords: options.acceptsPasswords, addresses: options.addresses,
            meter: entryMeter, security: parts.security, now: parts.now
        ).add(to: routes)
        SessionRoutes(accounts: parts.accounts, security: parts.security).add(to: routes)
        TierRoutes(
            administration: parts.administration, authority: parts.authority, catalog: parts.catalog, tokens: parts.tokens,
            tiers: parts.tiers, security: parts.security
        ).add(to: routes)
        PatchRoutes(catalog: parts.catalog, tiers: parts.tiers).add(to: routes)
        ImportRoutes(imports: parts.imports, limit: options.maximumUploadSize, security: parts.security).add(to: routes)
        StorageRoutes(
            catalog: parts.catalog, storage: parts.storage, care: parts.care, prefetch: parts.prefetch, security: parts.security,
            heartbeat: options.heartbeat
        ).add(to: routes)
        TokenRoutes(
            issuer: parts.tokenIssuer, tokens: parts.tokens, trust: parts.trust, security: parts.security, now: parts.now
        ).add(to: routes)
        AuthTokenRoutes(
            issuer: parts.machines.issuer, tokens: parts.machines.authTokens, trust: parts.trust, security: parts.security,
            now: parts.now
        ).add(to: routes)
        MachineRoutes(
            machines: parts.machines, tiers: parts.tiers, trust: parts.trust, deployment: parts.deployment,
            meter: machineMeter, entryMeter: entryMeter, security: parts.security, governance: parts.governance, now: parts.now
        ).add(to: routes)
        TrustRoutes(trust: parts.trust, roots: parts.roots, security: parts.security).add(to: routes)
        CoverageRoutes(coverage: parts.coverage, security: parts.security).add(to: routes)
        KernelRoutes(kernels: parts.kernels, now: parts.now).add(to: routes)
        WebhookRoutes(webhooks: parts.webhooks, security: parts.security).add(to: routes)
        SyncRoutes(status: parts.sync, security: parts.security, heartbeat: options.heartbeat).add(to: routes)
        TraceRoutes(walk: parts.trace).add(to: routes)
        FleetReportRoutes(intake: parts.fleet.intake).add(to: routes)
        FleetRoutes(inquiry: parts.fleet.inquiry).add(to: routes)
        MachineAdministrationRoutes(
            machines: parts.fleet.administration, keepsReports: parts.fleet.keepsReports, security: parts.security
        ).add(to: routes)
        BackupRoutes(backups: parts.keeping.backups, archive: parts.keeping.archive, security: parts.security).add(to: routes)
        DiagnosisRoutes(examination: parts.keeping.examination).add(to: routes)
        ContractRoutes().add(to: routes)
        return routes
    }
}

extension ServerParts {
    /// What lets in whom a route is for.
    var gate: EntryGate {
        EntryGate(
            tokens: tokenAuthority, machines: machines.authority, accounts: accounts, identity: identity,
            security: security, now: now)
    }
}
