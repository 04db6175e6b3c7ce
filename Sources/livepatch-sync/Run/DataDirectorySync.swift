import FoundationEssentials
import LivepatchComposition
import LivepatchConfiguration
import LivepatchFiles
import LivepatchKit
import Logging

/// One sync into a server's data directory, without the server.
struct DataDirectorySync {
    private let configuration: ServerConfiguration
    private let logger: Logger
    private let now: @Sendable () -> Date

    init(_ configuration: ServerConfiguration, logger: Logger, now: @escaping @Sendable () -> Date = { Date() }) {
        self.configuration = configuration
        self.logger = logger
        self.now = now
    }

    /// - Throws: ``LivepatchError`` with the codes `sync-under-way`, and those of database, storage and configuration. What goes wrong
    ///   with the sync itself is in the report.
    func run(acceptsRemovals: Bool, progress: @escaping @Sendable (SyncProgress) -> Void) async throws -> SyncReport {
        try await OpenDataDirectory.with(configuration) { directory in
            let census = configuration.fleetCensus(
                directory.fleet, catalog: directory.catalog, tiers: TierStateCache(catalog: directory.catalog), now: now)
            let reporter = configuration.fleetReporter(
                directory.deployment, store: directory.fleet, census: census, logger: logger, now: now)
            return try await ConfiguredUpstream.connected(configuration.sync, deployment: directory.deployment, logger: logger) {
                upstream in
                try await directory.sync(
                    now: now, acceptsRemovals: acceptsRemovals, progress: progress,
                    run: upstream.sync(
                        directory.deployment, catalog: directory.catalog, tokens: directory.tokens,
                        authTokens: directory.authTokens, storage: directory.storage,
                        trust: directory.trust, transfers: upstream.transfers(into: directory.storage),
                        reporter: reporter, now: now))
            }
        }
    }
}

extension OpenDataDirectory {
    /// One sync as a server begins it: it excludes others and is kept in the reports.
    func sync(
        now: @escaping @Sendable () -> Date, acceptsRemovals: Bool, progress: @escaping @Sendable (SyncProgress) -> Void,
        run: @escaping @Sendable (_ acceptsRemovals: Bool, @escaping @Sendable (SyncProgress) -> Void) async throws -> SyncReport
    ) async throws -> SyncReport {
        let coordinator = SyncCoordinator(
            syncLock: try layout.syncLock(), storageLock: try layout.storageLock(), reports: reports, now: now, run: run)
        let handle = try await coordinator.trigger(acceptsRemovals: acceptsRemovals)
        for await step in handle.progress { progress(step) }
        return try await handle.report()
    }
}
