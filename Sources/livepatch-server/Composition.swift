import FoundationEssentials
import LivepatchAPI
import LivepatchArchive
import LivepatchComposition
import LivepatchConfiguration
import LivepatchConsole
import LivepatchFiles
import LivepatchKit
import LivepatchLogging
import LivepatchSQLite
import LivepatchService
import LivepatchTracing
import Logging
import ServiceLifecycle
import UnixSignals

/// Builds the server out of its parts, and runs it until it is told to stop.
struct Composition {
    private let loaded: LoadedConfiguration
    private let sources: ConfigurationSources
    private let metrics: ServerMetrics
    private let makesAdministrator: Bool
    private let console: Console
    private let level: LogLevelSwitch
    private let redactor: SecretRedactor
    let now: @Sendable () -> Date = { Date() }

    var configuration: ServerConfiguration { loaded.server }

    /// - Parameter makesAdministrator: whether a new server makes an account and prints its password.
    init(
        _ loaded: LoadedConfiguration, sources: ConfigurationSources, metrics: ServerMetrics, makesAdministrator: Bool,
        console: Console
    ) {
        self.loaded = loaded
        self.sources = sources
        self.metrics = metrics
        self.makesAdministrator = makesAdministrator
        self.console = console
        redactor = SecretRedactor(loaded.server.secrets.map(\.revealed))
        level = LogLevelSwitch(loaded.server.logLevel.loggerLevel)
    }

    /// What is looked at before anything is done.
    var preflight: Preflight { Preflight(configuration: configuration) { _ = try encryption() } }

    func run() async throws {
        // Loggers that were given to nobody write the same lines, so that nothing goes around the one that hides secrets.
        LoggingSystem.bootstrap { [self] label in handler(label, lineForm) }
        let directory = DataDirectory(configuration.dataDirectory, patches: configuration.storage.filesystemPath)
        try await preflight.require()
        let ended: Void? = try await directory.serverLock().tryExclusive { try await serve(directory) }
        guard ended != nil else {
            throw LivepatchError(
                .storageBusy, "Another livepatch-server is using the data directory '\(directory.path)'.",
                suggestion: "Stop it, or give this one another directory with --data-dir.")
        }
    }

    // MARK: The parts

    private func serve(_ directory: DataDirectory) async throws {
        let logger = logger("livepatch")
        let security = SecurityLog(logger: securityLogger())
        for note in loaded.notes { logger.notice("\(note)") }
        let encryption = try encryption()
        let doors = configuration.doors
        warnOfClearText(doors, isEncrypted: encryption != nil, logger)

        let database = try SQLiteDatabase(path: directory.database, release: Release.version)
        if let upgrade = database.upgrade, let copy = upgrade.copy {
            logger.notice(
                "The database's schema was brought up to date; the database before that is kept.",
                metadata: ["migrations": "\(upgrade.pending.joined(separator: "; "))", "copy": "\(copy)"])
        }
        let catalog = SQLiteCatalog(database)
        let tokens = SQLiteTokenStore(database)
        let authTokens = SQLiteAuthTokenStore(database)
        let accounts = SQLiteAccountStore(database)
        let reports = SQLiteSyncReportStore(database)
        let storage = try DirectoryPatchStorage(at: directory.patches)
        let storageLock = try directory.storageLock()
        if let id = configuration.sync.deployment, try await catalog.deployment() != id { try await catalog.setDeployment(id) }
        let deployment = try await catalog.deployment()
        let administrator = FirstAdministrator(store: accounts)
        var needsAdministrator = false
        // Where somebody else vouches for administrators, nobody has to be made where nobody would read the password.
        if configuration.authentication.isBasicEnabled, makesAdministrator || configuration.authentication.oauth == nil {
            needsAdministrator = try await administrator.isNeeded(
                configured: configuration.authentication.users, interactive: makesAdministrator)
        }

        let upstream =
            try configuration.sync.isEnabled
            ? ConfiguredUpstream(configuration.sync, deployment: deployment, logger: logger) : nil
        let transfers = upstream?.transfers(into: storage)
        let fetcher = transfers.flatMap { upstream?.fetcher($0, into: storage, catalog: catalog) }
        let authority: TierAuthority =
            configuration.sync.mirrorsTiers ? .upstream(upstream?.names ?? "the server whose bundles are applied here") : .local
        let limits = PatchArchiveLimits(
            archiveBytes: configuration.maximumUploadSize, unpackedBytes: max(512 << 20, 2 * configuration.maximumUploadSize))
        let imports = PatchImport(
            catalog: catalog, storage: storage, archive: TarballReader(), lock: storageLock, limits: limits,
            upstream: upstream?.names, now: now)
        let tiers = TierStateCache(catalog: catalog)
        let trustStorage = DirectoryTrustStorage(at: directory.trust)
        let fleet = SQLiteFleetStore(database)
        let census = configuration.fleetCensus(fleet, catalog: catalog, tiers: tiers, now: now)
        var coordinator: SyncCoordinator?
        if let upstream, let transfers {
            coordinator = SyncCoordinator(
                syncLock: try directory.syncLock(), storageLock: storageLock, reports: reports, now: now,
                run: upstream.sync(
                    deployment, catalog: catalog, tokens: tokens, authTokens: authTokens, storage: storage, trust: trustStorage,
                    transfers: transfers,
                    reporter: configuration.fleetReporter(
                        deployment, store: fleet, census: census, logger: logger, now: now), now: now))
        }
        let metadata = configuration.metadataPublisher(
            catalog: catalog, tiers: tiers, storage: trustStorage, keys: DirectoryTrustKeyStore(at: directory.keys),
            lock: try directory.publicationLock(), beginsAnew: true, now: now)
        let coverage = SQLiteCoverageStore(database)
        let publisher = RememberingPublisher(
            PlainDocumentPublisher(catalog: catalog, tiers: tiers, metadata: metadata, coverage: coverage),
            revisions: tiers.revisions, generation: { metadata.publications }, now: now)
        let trustedRoots = configuration.sync.trustedRoots
        let trust = TrustInspection(
            deployment: deployment, catalog: catalog, tiers: tiers, publisher: publisher, trustedRoots: trustedRoots,
            pins: { try await TrustPins(trustStorage, configured: trustedRoots).pins(at: $0) }, now: now)
        let kernels = KernelSupportAuthority(catalog: catalog, tiers: tiers, coverage: coverage)
        let machines = try await machines(
            in: directory, database, authTokens: authTokens, catalog: catalog, tiers: tiers, kernels: kernels, logger: logger)
        let webhooks = try ConfiguredWebhooks(
            configuration.webhooks, store: SQLiteWebhookStore(database),
            secrets: DirectoryWebhookSecrets(at: directory.webhookSecrets), catalog: catalog, reports: reports,
            machines: machines.store, tiers: tiers, tokens: tokens, authTokens: authTokens, logger: logger, now: now)
        let identity = try ConfiguredIdentity(configuration.authentication.oauth, logger: logger, now: now)
        let appointment = SyncAppointment()
        let bell = Bell()
        let announced = coordinator.map { AnnouncedSync(coordinator: $0, catalog: catalog, bell: bell) }
        let listeners = upstream?.listeners(catalog: catalog) { await announced?.begin(announcedBy: $0) } ?? []
        let sync = SyncStatus(
            settings: SyncStatus.Settings(
                upstreams: upstream?.addresses ?? [], mode: configuration.sync.mode,
                mirrorsTiers: configuration.sync.mirrorsTiers, interval: configuration.sync.interval,
                filter: configuration.sync.filter),
            coordinator: coordinator, reports: reports, appointment: appointment, catalog: catalog, listeners: listeners)
        let watch = ViewWatch(
            publisher: publisher, news: { catalog.changes() },
            prepare: { tier in
                await publisher.prepare(tier)
                _ = try? await sync.lag(at: now())
            }, logger: logger)
        let users = ConfiguredAccounts(configuration.authentication.users)
        var parts = ServerParts(
            deployment: deployment, started: Timestamp.wholeSecond(now()), catalog: catalog, storage: storage, tokens: tokens,
            tiers: tiers, publisher: publisher, watch: watch,
            delivery: PatchDelivery(
                catalog: catalog, tiers: tiers, storage: storage, fetcher: fetcher, mode: configuration.sync.mode),
            tokenAuthority: TokenAuthority(tokens: tokens, now: now), tokenIssuer: TokenIssuer(tokens: tokens, now: now),
            accounts: AccountAuthority(
                isOpen: configuration.authentication.isBasicEnabled, store: accounts,
                configured: { users.accounts }, verifier: BcryptPasswordVerifier(),
                logins: LoginGuard(store: SQLiteLoginHistoryStore(database), logger: logger, now: now),
                lifetime: configuration.authentication.sessionLifetime, now: now),
            administration: TierAdministration(
                catalog: catalog, tokens: tokens, authTokens: authTokens, authority: authority, now: now),
            authority: authority, imports: imports,
            care: StorageCare(
                catalog: catalog, storage: storage, lock: storageLock,
                intake: (folder: try DropFolder(at: directory.dropFolder), imports: imports), repairs: transfers,
                filter: configuration.sync.filter, now: now),
            prefetch: PrefetchRun(
                catalog: catalog, tiers: tiers, storage: storage, fetcher: fetcher,
                concurrency: configuration.sync.maximumTransfers), fetcher: fetcher,
            sync: sync,
            trace: TraceWalk(
                deployment: deployment, catalog: catalog, tiers: tiers, reports: reports, upstream: upstream?.server, now: now),
            trust: trust, roots: RootAdministration(publisher: metadata, catalog: catalog, now: now), machines: machines,
            fleet: FleetParts(
                store: fleet, census: census, machines: machines, catalog: catalog, deployment: deployment,
                keepsReports: configuration.machines.keepsReports, logger: logger, now: now),
            coverage: CoverageAdministration(store: coverage, catalog: catalog, now: now), kernels: kernels,
            webhooks: webhooks.administration,
            keeping: try keeping(
                directory, database, deployment, catalog: catalog, storage: storage, lock: storageLock,
                upstreams: upstream?.servers ?? []),
            repeats: RepeatedChanges(store: SQLiteRepeatStore(database), now: now), security: security,
            identity: identity?.provider,
            governance: Governance(serverLimits(logger), addresses: options.addresses, logger: logger), now: now)

        parts.cache = PatchCache.configured(configuration.cache)
        parts.promptRevision = try database.promptRevision()
        parts.promptDocuments = publisher

        let gauges = ServerGauges(parts, census: census, logger: logger, now: now)
        parts.metrics = metrics.exposition(configuration.metrics, of: gauges)

        let mark = RunMark(in: directory.path)
        let http = HTTPService(
            parts, options: options, doors: doors, tls: encryption, shutdownDeadline: configuration.shutdownDeadline,
            logger: logger
        ) { [console, needsAdministrator, now] doors in
            // Only now: a start that fails changes nothing.
            let left = try? mark.begin("process \(ProcessInfo.processInfo.processIdentifier), since \(Timestamp.text(now()))")
            if let left { security.record(.crashed(left)) }
            security.record(.started)
            // Only now: a start that fails must not use up the one time that the password is shown.
            if needsAdministrator { await Self.make(administrator, console, logger) }
            let line =
                "livepatch-server \(Release.version) is ready on \(doors.urls(isEncrypted: encryption != nil)) (deployment \(deployment), data in \(directory.path))"
            try? console.print(line)
        }
        let renewal = encryption.map { TLSRenewalService($0, logger: logger, now: now) }
        let reload = SignalService(on: .sighup, reloading(users, renewal, security, logger))
        let syncs = coordinator.map {
            SyncService(
                coordinator: $0, schedule: SyncSchedule(interval: configuration.sync.interval), appointment: appointment,
                bell: bell, logger: logger, now: now)
        }
        // The last is stopped first: what is held open ends before the other requests are waited for, and what machines reported is
        // written after the last of them has been answered.
        var services: [any Service] = [
            MachineReportService(machines.batcher), historyService(machines, logger),
            ExpiryService(trust: trust, certificates: certificates(encryption, upstream), logger: logger),
            WebhookService(dispatcher: webhooks.dispatcher, administration: webhooks.administration, logger: logger),
            MetricsService(gauges), reload, http, PushService(watch),
        ]
        if let syncs { services.insert(syncs, at: 1) }
        if !listeners.isEmpty { services.insert(ListeningService(listeners), at: 1) }
        if let renewal { services.insert(renewal, at: 1) }
        if let identity { services.insert(identity.service, at: 1) }
        let signals = StopSignalWitness(security)
        do {
            try await ServiceGroup(services: services, gracefulShutdownSignals: [.sigterm, .sigint], logger: logger).run()
        } catch {
            security.record(.failed("\(error)"))
            throw error
        }
        await signals.end()
        await fetcher?.close()
        await upstream?.close()
        await webhooks.close()
        await identity?.close()
        try database.close()
        mark.end()
        security.record(.stopped)
    }

    /// What concerns machines. Their ids are kept as hashes under a key of this server's.
    private func machines(
        in directory: DataDirectory, _ database: SQLiteDatabase, authTokens: any AuthTokenStore, catalog: any Catalog,
        tiers: TierStateCache, kernels: any KernelSupport, logger: Logger
    ) async throws -> MachineParts {
        let store = SQLiteMachineStore(database, keepsReports: configuration.machines.keepsReports)
        let file = MachineKeyFile(in: directory.keys)
        let (key, isNew) = try file.keyOrNew()
        if isNew, try await store.count(MachineQuery()) > 0 {
            logger.warning(
                "The key of machines' ids was missing, and a new one was made: the machines that this server knows are refused until they are attached anew. Stop the server and restore the file from a backup if there is one.",
                metadata: ["file": "\(file.path)"])
        }
        let template = configuration.urlTemplate
        return MachineParts(
            store: store, authTokens: authTokens, catalog: catalog, tiers: tiers, key: key,
            support: kernels,
            url: { name in
                template?.replacing("{filename}", with: Paths.segment(name.description)) ?? Paths.patchFile(name)
            },
            interval: configuration.machines.checkInInterval, logger: logger, now: now)
    }

    /// What backups are made of. What was signed comes before the database, since a catalogue that is behind it would take releases back.
    private func keeping(
        _ directory: DataDirectory, _ database: SQLiteDatabase, _ deployment: DeploymentID, catalog: any Catalog,
        storage: any PatchStorage, lock: any StorageLock, upstreams: [any UpstreamServer]
    ) throws -> KeepingParts {
        let started = now()
        let trust = DirectoryBackupPart(directory.trust, lock: try directory.publicationLock()) { .trust($0) }
        return KeepingParts(
            backups: BackupTaking(
                deployment: deployment, release: Release.version,
                files: [
                    trust, DirectoryBackupPart(directory.bundles) { .bundles($0) },
                    SnapshotBackupPart(
                        in: directory.backupCopies, bytes: { try await database.bytes() },
                        copy: { try await database.copy(to: $0) }),
                ], keys: DirectoryBackupPart(directory.keys) { .key($0) }, storage: storage, lock: lock, now: now),
            archive: { TarBundleWriter(modified: started, write: $0) },
            examination: ServerExamination(
                deployment: deployment, started: started, catalog: catalog, storage: storage,
                volumes: {
                    let data = try Volume.condition(of: directory.path, name: "data")
                    if directory.path == directory.patches { return [data] }
                    return [data, try Volume.condition(of: directory.patches, name: "patches")]
                },
                database: {
                    ServerCondition.Database(
                        bytes: try await database.bytes(), damage: try await database.damage(within: .seconds(10)))
                }, upstreams: upstreams, now: now))
    }

    private func historyService(_ machines: MachineParts, _ logger: Logger) -> MachineHistoryService {
        MachineHistoryService(
            MachineHistoryCleaner(
                machines: machines.store, retention: configuration.machines.retention,
                rowLimit: configuration.machines.cleanupRowLimit, now: now),
            interval: configuration.machines.cleanupInterval, logger: logger)
    }

    private func serverLimits(_ logger: Logger) -> ServerLimits {
        let wanted = ServerLimits(configuration.limits)
        let files = OpenFiles.raiseLimit()
        let limits = wanted.affordable(with: files)
        if limits != wanted {
            logger.warning(
                "The system lets this process open fewer files than server.max-connections needs: it takes fewer connections.",
                metadata: ["files": "\(files)", "connections": "\(limits.connections.total)"])
        }
        return limits
    }

    private var options: ServerOptions {
        ServerOptions(
            downloadRedirect: configuration.redirectsDownloads ? configuration.urlTemplate : nil,
            maximumUploadSize: configuration.maximumUploadSize, acceptsPasswords: configuration.authentication.isBasicEnabled,
            addresses: ClientAddresses(
                proxies: configuration.trustedProxies,
                field: configuration.trustedProxiesField == .forwarded ? .forwarded : .xForwardedFor),
            announcesToMachines: configuration.announcesToMachines)
    }

    private static func make(_ administrator: FirstAdministrator, _ console: Console, _ logger: Logger) async {
        do {
            let password = try await administrator.make()
            try console.print([
                "The administrator '\(FirstAdministrator.user)' was created with the password \(password)",
                "This password is shown only this once. Log in with `livepatch-admin login`.",
            ])
        } catch {
            logger.critical("No administrator could be created: \(error) Start the server again to try once more.")
        }
    }

    // MARK: Logs

    private func logger(_ label: String) -> Logger {
        Logger(label: label) { handler($0, lineForm) }
    }

    private var lineForm: LineLogHandler.Form { configuration.logFormat == .json ? .json : .text }

    /// One JSON object a line, whatever the form of the other lines.
    private func securityLogger() -> Logger { Logger(label: "livepatch.security") { handler($0, .json) } }

    /// What writes lines, without secrets and with the trace that they belong to.
    private func handler(_ label: String, _ form: LineLogHandler.Form) -> RedactingLogHandler<LineLogHandler> {
        let lines = LineLogHandler(label: label, form: form, level: level) { [console] line in
            try? console.errorOutput.write(line)
        }
        var handler = RedactingLogHandler(lines, redactor)
        handler.metadataProvider = TracePropagation.metadataProvider
        return handler
    }

    /// What SIGHUP does: the log level and the users are taken up; what has a mistake changes nothing.
    private func reloading(
        _ users: ConfiguredAccounts, _ renewal: TLSRenewalService?, _ security: SecurityLog, _ logger: Logger
    ) -> @Sendable () async -> Void {
        { [sources, level, loaded, redactor] in
            security.record(.signal("SIGHUP"))
            await renewal?.look(isAsked: true)
            do {
                let fresh = try sources.load()
                redactor.learn(fresh.server.secrets.map(\.revealed))
                level.level = fresh.server.logLevel.loggerLevel
                users.accounts = fresh.server.authentication.users
                logger.notice("Took up the log level and the users of the configuration.")
                let waiting = fresh.keysNeedingRestart(since: loaded).map(\.name)
                if !waiting.isEmpty {
                    logger.warning("These settings have changed, and wait for a restart: \(waiting.joined(separator: ", ")).")
                }
            } catch {
                logger.error("The configuration was not reloaded, and the one in force stays: \(error)")
            }
        }
    }
}
