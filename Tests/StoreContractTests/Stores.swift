import FoundationEssentials
import LivepatchKit
import LivepatchSQLite
import LivepatchTesting
import Testing

/// The implementations that have to keep the same promises.
enum Implementation: String, CaseIterable, Sendable, CustomTestStringConvertible {
    case sqlite = "SQLite"
    case memory = "memory"

    var testDescription: String { rawValue }
}

/// The stores of one new, empty server.
struct Stores: Sendable {
    let catalog: any Catalog & CatalogNews
    let tokens: any TokenStore
    let coverage: any CoverageStore
    let webhooks: any WebhookStore
    let repeats: any RepeatStore
    let reports: any SyncReportStore
    let accounts: any AccountStore
    let logins: any LoginHistoryStore
    let authTokens: any AuthTokenStore
    let machines: any MachineStore
    /// The same machines, of which no reports are kept.
    let silentMachines: any MachineStore
    let fleet: any FleetStore

    /// Runs a test's body, and cleans up after it.
    static func with(_ implementation: Implementation, _ body: (Stores) async throws -> Void) async throws {
        switch implementation {
        case .memory:
            let database = InMemoryDatabase()
            try await body(
                Stores(
                    catalog: InMemoryCatalog(database), tokens: InMemoryTokenStore(database),
                    coverage: InMemoryCoverageStore(database), webhooks: InMemoryWebhookStore(database),
                    repeats: InMemoryRepeatStore(database, limit: 20),
                    reports: InMemorySyncReportStore(database), accounts: InMemoryAccountStore(database),
                    logins: InMemoryLoginHistoryStore(database),
                    authTokens: InMemoryAuthTokenStore(database), machines: InMemoryMachineStore(database),
                    silentMachines: InMemoryMachineStore(database, keepsReports: false),
                    fleet: InMemoryFleetStore(database, machines: InMemoryMachineStore(database))))
        case .sqlite:
            let directory = FileManager.default.temporaryDirectory.appending(path: "livepatch-\(UUID().uuidString)")
            try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
            defer { try? FileManager.default.removeItem(at: directory) }
            let database = try SQLiteDatabase(path: directory.appending(path: "livepatch.db").path)
            try await body(
                Stores(
                    catalog: SQLiteCatalog(database), tokens: SQLiteTokenStore(database),
                    coverage: SQLiteCoverageStore(database), webhooks: SQLiteWebhookStore(database),
                    repeats: SQLiteRepeatStore(database, limit: 20),
                    reports: SQLiteSyncReportStore(database), accounts: SQLiteAccountStore(database),
                    logins: SQLiteLoginHistoryStore(database),
                    authTokens: SQLiteAuthTokenStore(database), machines: SQLiteMachineStore(database),
                    silentMachines: SQLiteMachineStore(database, keepsReports: false), fleet: SQLiteFleetStore(database)))
            try database.close()
        }
    }

    /// What a change did to the revision.
    func revisionIncrease(_ change: () async throws -> Void) async throws -> Int64 {
        let before = try await catalog.revision().rawValue
        try await change()
        return try await catalog.revision().rawValue - before
    }
}
