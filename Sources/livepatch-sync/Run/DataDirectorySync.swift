import FoundationEssentials
import LivepatchComposition
import LivepatchConfiguration
import LivepatchFiles
import LivepatchKit
import LivepatchSQLite
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
        let directory = DataDirectory(configuration.dataDirectory, patches: configuration.storage.filesystemPath)
        let syncLock = try directory.syncLock()
        let database = try SQLiteDatabase(path: directory.database)
        defer { try? database.close() }
        let catalog = SQLiteCatalog(database)
        let tokens = SQLiteTokenStore(database)
        let storage = try DirectoryPatchStorage(at: directory.patches)
        let sync = configuration.sync
        if let id = sync.deployment, try await catalog.deployment() != id { try await catalog.setDeployment(id) }
        let deployment = try await catalog.deployment()
        return try await ConfiguredUpstream.connected(sync, deployment: deployment, logger: logger) { upstream in
            let coordinator = SyncCoordinator(
                syncLock: syncLock, storageLock: try directory.storageLock(), reports: SQLiteSyncReportStore(database), now: now,
                run: upstream.sync(
                    deployment, catalog: catalog, tokens: tokens, storage: storage,
                    trust: DirectoryTrustStorage(at: directory.trust), transfers: upstream.transfers(into: storage), now: now))
            let handle = try await coordinator.trigger(acceptsRemovals: acceptsRemovals)
            for await step in handle.progress { progress(step) }
            return try await handle.report()
        }
    }
}
