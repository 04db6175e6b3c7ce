import LivepatchAPI
import LivepatchConfiguration
import LivepatchFiles
import LivepatchKit
import LivepatchSQLite

/// The parts of a server's data directory, which a server may be using at the same time.
struct OpenDataDirectory {
    let layout: DataDirectory
    let catalog: SQLiteCatalog
    let coverage: SQLiteCoverageStore
    let tokens: SQLiteTokenStore
    let authTokens: SQLiteAuthTokenStore
    let fleet: SQLiteFleetStore
    let reports: SQLiteSyncReportStore
    let storage: DirectoryPatchStorage
    let trust: DirectoryTrustStorage
    /// The server's id.
    let deployment: DeploymentID

    /// Opens the data directory of a configuration, makes it where it is missing, and closes it after the body.
    static func with<Value>(_ configuration: ServerConfiguration, _ body: (Self) async throws -> Value) async throws -> Value {
        let layout = layout(of: configuration)
        try BackupRestoration.requireNoneInterrupted(in: layout)
        // The first lock makes the directory.
        _ = try layout.syncLock()
        let database = try SQLiteDatabase(path: layout.database, release: Release.version)
        defer { try? database.close() }
        let catalog = SQLiteCatalog(database)
        if let id = configuration.sync.deployment, try await catalog.deployment() != id { try await catalog.setDeployment(id) }
        return try await body(
            OpenDataDirectory(
                layout: layout, catalog: catalog, coverage: SQLiteCoverageStore(database), tokens: SQLiteTokenStore(database),
                authTokens: SQLiteAuthTokenStore(database), fleet: SQLiteFleetStore(database),
                reports: SQLiteSyncReportStore(database),
                storage: try DirectoryPatchStorage(at: layout.patches), trust: DirectoryTrustStorage(at: layout.trust),
                deployment: try await catalog.deployment()))
    }

    static func layout(of configuration: ServerConfiguration) -> DataDirectory {
        DataDirectory(configuration.dataDirectory, patches: configuration.storage.filesystemPath)
    }
}
