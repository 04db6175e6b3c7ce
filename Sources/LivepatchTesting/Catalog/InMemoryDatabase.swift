import FoundationEssentials
import LivepatchKit
import Synchronization

/// A server's database in memory, for tests and for programs that embed the library and keep nothing.
///
/// It behaves as `SQLiteDatabase` does, and the same tests prove both: every function of its stores is one transaction. Share one
/// value between the stores that belong together:
///
/// ```swift
/// let database = InMemoryDatabase()
/// let catalog = InMemoryCatalog(database)
/// let tokens = InMemoryTokenStore(database)
/// ```
public final class InMemoryDatabase: Sendable {
    private let tables = Mutex(Tables())
    let news = NewsListeners()

    public init() {}

    func read<Value: Sendable>(_ body: (Tables) throws -> Value) throws -> Value {
        let tables = tables.withLock { $0 }
        return try body(tables)
    }

    /// Changes all tables or, if the body throws, none.
    func write<Value: Sendable>(_ body: (inout Tables) throws -> Value) throws -> Value {
        let (value, isNews) = try tables.withLock { tables in
            var changed = tables
            let value = try body(&changed)
            let isNews = changed.revision != tables.revision
            tables = changed
            return (value, isNews)
        }
        if isNews { news.tell() }
        return value
    }
}

/// All that an ``InMemoryDatabase`` holds, as one value.
struct Tables: Sendable {
    var revision = CatalogRevision(rawValue: 0)
    var deployment: DeploymentID?
    var syncState = SyncState()

    var versions: [PatchVersion: PatchVersionRecord] = [:]
    var files: [PatchVersion: [PatchFileName: PatchFileRecord]] = [:]
    var documents: [PatchVersion: PublishedDocument] = [:]
    var fetched: [SHA256Digest: [UInt8]] = [:]

    var tiers = TierState()
    var history: [ChangeRecord] = []
    var snapshots: [TierSnapshot] = []

    var coverage = CoverageTable()
    var webhooks = WebhookTables()
    var repeats: [SHA256Digest: StoredRepeat] = [:]

    var tokens: [SyncToken] = []

    var authTokens: [StoredAuthToken] = []
    var lastMachineToken: Int64 = 0
    var machines: [HashedMachineID: StoredMachine] = [:]
    var machineTokens: [SHA256Digest: StoredMachineToken] = [:]
    /// In the order in which they were written.
    var machineHistory: [MachineUpdate] = []

    var reports: [SyncReport] = []
    var lastReport: Int64 = 0
    var accounts: [String: Account] = [:]
    var sessions: [SHA256Digest: AdminSession] = [:]
    var loginHistory = LoginHistory()
    var fleet = FleetTables()
}

extension Tables {
    mutating func increaseRevision() { revision = CatalogRevision(rawValue: revision.rawValue + 1) }

    func expect(_ revision: CatalogRevision) throws {
        guard self.revision == revision else { throw LivepatchError.catalogueChanged() }
    }

    /// This server's id; generated and kept if there is none.
    mutating func deploymentOrNew() throws -> DeploymentID {
        if let deployment { return deployment }
        let new = try DeploymentID(parsing: UUID().uuidString.lowercased())
        deployment = new
        return new
    }

    /// The bytes with that digest, just fetched or held as a version's document.
    func bytes(_ digest: SHA256Digest) -> [UInt8]? {
        fetched[digest] ?? documents.values.first { $0.digest == digest }?.bytes
    }

    /// A version's files, in order of name.
    func files(of version: PatchVersion) -> [PatchFileRecord] {
        (files[version] ?? [:]).values.sorted { $0.file.name < $1.file.name }
    }

    /// - Parameter awaited: the content that is fetched first.
    /// - Returns: whether there is such a file, and that was news to others.
    mutating func setAvailable(_ available: Bool, _ name: PatchFileName, awaited: Set<SHA256Digest> = []) -> Bool {
        guard let known = files[name.version]?[name], let line = versions[name.version] else { return false }
        let record = PatchFileRecord(file: known.file, available: available, awaited: awaited.contains(known.file.digest))
        files[name.version]?[name] = record
        versions[name.version] = line.replacing(known, with: record)
        return known.available != available
    }

    /// Forgets a version with its files, its document and its place in the tiers.
    /// - Returns: whether there was one.
    mutating func removeVersion(_ version: PatchVersion) -> Bool {
        files[version] = nil
        documents[version] = nil
        tiers.reach[version] = nil
        return versions.removeValue(forKey: version) != nil
    }

    /// - Returns: the record's number.
    @discardableResult
    mutating func record(_ entry: ChangeEntry, change: TierChange?) -> Int64 {
        let id = Int64(history.count + 1)
        history.append(
            ChangeRecord(
                id: id, time: entry.time, actor: entry.actor, action: entry.action, reason: entry.reason,
                change: change.flatMap { $0.isEmpty ? nil : $0 }, undoes: entry.undoes, undoneBy: nil))
        return id
    }

    /// A record with the number of the change that undid it.
    func completed(_ record: ChangeRecord) -> ChangeRecord {
        ChangeRecord(
            id: record.id, time: record.time, actor: record.actor, action: record.action, reason: record.reason,
            change: record.change, undoes: record.undoes, undoneBy: history.last { $0.undoes == record.id }?.id)
    }

    func unrevoked(_ name: String) -> Int? { tokens.firstIndex { $0.name == name && $0.revoked == nil } }

    /// Moves an unrevoked token to its new tier.
    mutating func writeTier(of token: SyncToken) {
        if let index = unrevoked(token.name) { tokens[index].tier = token.tier }
    }
}
