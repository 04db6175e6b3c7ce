public import FoundationEssentials
public import LivepatchKit

/// The machines in an ``SQLiteDatabase``.
public struct SQLiteMachineStore: MachineStore {
    private let database: SQLiteDatabase
    private let keepsReports: Bool

    /// - Parameter keepsReports: whether what machines report is kept (`machine-reports.database.enabled`); if not, only registration,
    ///   tier, tags and when a machine was last seen are.
    public init(_ database: SQLiteDatabase, keepsReports: Bool = true) {
        self.database = database
        self.keepsReports = keepsReports
    }

    // MARK: Registration

    public func register(
        _ machine: HashedMachineID, token hash: SHA256Digest, with authToken: SHA256Digest, at time: Date
    ) async throws -> Machine {
        try await database.write { db in
            guard let known = try AuthTokenRows(db).token(hash: authToken), known.token.attachesMachines(at: time) else {
                throw MachineRegistrar.refusal
            }
            try MachineTokenRows(db).register(machine, token: hash, with: known, at: time)
            guard let registered = try MachineRows(db).machine(machine) else { throw LivepatchError.machineUnknown(machine) }
            return registered
        }
    }

    public func machineIdentity(hash: SHA256Digest) async throws -> MachineIdentity? {
        try await database.look { try MachineTokenRows($0).identity(hash) }
    }

    public func endMachineToken(hash: SHA256Digest) async throws {
        try await database.write { try MachineTokenRows($0).end(hash) }
    }

    // MARK: Reports

    public func write(_ updates: [MachineUpdate]) async throws {
        guard !updates.isEmpty else { return }
        try await database.write { [keepsReports] db in
            let rows = MachineRows(db)
            for update in updates {
                if keepsReports { try rows.write(update) } else { try rows.writeSignOfLife(update) }
            }
        }
    }

    public func removeHistory(before time: Date, limit: Int) async throws -> Int {
        try await database.write { try MachineRows($0).removeHistory(before: time, limit: limit) }
    }

    // MARK: Reading

    public func machine(_ id: HashedMachineID) async throws -> Machine? {
        try await database.look { try MachineRows($0).machine(id) }
    }

    public func machines(_ query: MachineQuery, after: HashedMachineID?, limit: Int) async throws -> [Machine] {
        try await database.read { try MachineRows($0).machines(MachineCondition(query, after: after), limit: limit) }
    }

    public func count(_ query: MachineQuery) async throws -> Int {
        try await database.read { try MachineRows($0).count(MachineCondition(query)) }
    }

    public func history(of id: HashedMachineID, limit: Int) async throws -> [MachineUpdate] {
        try await database.read { try MachineRows($0).history(of: id, limit: limit) }
    }

    // MARK: Administration

    public func forget(_ ids: [HashedMachineID], entry: ChangeEntry) async throws -> Int {
        try await database.write { db in
            let count = try Set(ids).count { try MachineRows(db).remove($0) }
            guard count > 0 else { return 0 }
            try HistoryRows(db).add(entry, change: entry.change)
            try CatalogueRow(db).increaseRevision()
            return count
        }
    }

    public func setTags(_ tags: [String], of id: HashedMachineID, entry: ChangeEntry) async throws {
        try await database.write { db in
            guard let key = try MachineRows(db).key(id) else { throw LivepatchError.machineUnknown(id) }
            try MachineRows(db).setTags(Set(tags), key: key)
            try HistoryRows(db).add(entry, change: entry.change)
        }
    }
}
