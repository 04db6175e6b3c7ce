public import FoundationEssentials
public import LivepatchKit

/// The machines in an ``InMemoryDatabase``.
public struct InMemoryMachineStore: MachineStore {
    private let database: InMemoryDatabase
    private let keepsReports: Bool

    /// - Parameter keepsReports: whether what machines report is kept (`machine-reports.database.enabled`); if not, only registration,
    ///   tier, tags and when a machine was last seen are.
    public init(_ database: InMemoryDatabase, keepsReports: Bool = true) {
        self.database = database
        self.keepsReports = keepsReports
    }

    // MARK: Registration

    public func register(
        _ machine: HashedMachineID, token hash: SHA256Digest, with authToken: SHA256Digest, at time: Date
    ) async throws -> Machine {
        let time = Timestamp.wholeSecond(time)
        return try database.write { tables in
            guard let token = tables.authToken(authToken), token.attachesMachines(at: time) else {
                throw MachineRegistrar.refusal
            }
            var stored =
                tables.machines[machine]
                ?? StoredMachine(
                    machine: Machine(id: machine, authToken: token.id, tier: token.tier, registered: time), authToken: authToken,
                    isAttached: false)
            if let limit = token.machineLimit, !stored.isAttached || stored.authToken != authToken,
                tables.attached(authToken) >= limit
            {
                throw LivepatchError.machineLimit(token.id, limit)
            }
            stored.authToken = authToken
            stored.isAttached = true
            stored.machine.registered = time
            stored.machine.sharedSince = nil
            tables.machines[machine] = stored
            tables.lastMachineToken += 1
            tables.machineTokens[hash] = StoredMachineToken(
                number: tables.lastMachineToken, machine: machine, authToken: authToken, issued: time)
            for (hash, _) in tables.tokens(of: machine).dropFirst(MachineIdentity.tokenLimit) { tables.machineTokens[hash] = nil }
            guard let registered = tables.machine(machine) else { throw LivepatchError.machineUnknown(machine) }
            return registered
        }
    }

    public func machineIdentity(hash: SHA256Digest) async throws -> MachineIdentity? {
        try database.read { tables in
            guard let token = tables.machineTokens[hash], let authToken = tables.authToken(token.authToken),
                authToken.revoked == nil
            else { return nil }
            return MachineIdentity(
                machine: token.machine, authToken: authToken.id, tier: authToken.tier, issued: token.issued,
                isNewest: tables.tokens(of: token.machine).first?.hash == hash)
        }
    }

    public func endMachineToken(hash: SHA256Digest) async throws {
        try database.write { tables in
            guard let ended = tables.machineTokens.removeValue(forKey: hash) else { return }
            if let newest = tables.tokens(of: ended.machine).first?.token {
                tables.machines[ended.machine]?.authToken = newest.authToken
            } else {
                tables.machines[ended.machine]?.isAttached = false
            }
        }
    }

    // MARK: Reports

    public func write(_ updates: [MachineUpdate]) async throws {
        try database.write { tables in
            for update in updates.map(\.stored) {
                guard var stored = tables.machines[update.machine] else { continue }
                stored.machine.take(update, keepsReport: keepsReports)
                tables.machines[update.machine] = stored
                if keepsReports, update.isChange { tables.machineHistory.append(update) }
            }
        }
    }

    public func removeHistory(before time: Date, limit: Int) async throws -> Int {
        let time = Timestamp.wholeSecond(time)
        return try database.write { tables in
            var left = max(0, limit)
            let before = tables.machineHistory.count
            tables.machineHistory.removeAll { update in
                guard left > 0, update.time < time else { return false }
                left -= 1
                return true
            }
            return before - tables.machineHistory.count
        }
    }

    // MARK: Reading

    public func machine(_ id: HashedMachineID) async throws -> Machine? { try database.read { $0.machine(id) } }

    public func machines(_ query: MachineQuery, after: HashedMachineID?, limit: Int) async throws -> [Machine] {
        try database.read { tables in
            let fitting = tables.machines.keys.filter { id in after.map { $0 < id } ?? true }.compactMap(tables.machine)
                .filter(query.admits)
            return Array(fitting.sorted { $0.id < $1.id }.prefix(max(0, limit)))
        }
    }

    public func count(_ query: MachineQuery) async throws -> Int {
        try database.read { tables in tables.machines.keys.compactMap(tables.machine).count(where: query.admits) }
    }

    public func history(of id: HashedMachineID, limit: Int) async throws -> [MachineUpdate] {
        try database.read { tables in
            Array(tables.machineHistory.reversed().lazy.filter { $0.machine == id }.prefix(max(0, limit)))
        }
    }

    // MARK: Administration

    public func forget(_ ids: [HashedMachineID], entry: ChangeEntry) async throws -> Int {
        try database.write { tables in
            let known = Set(ids).filter { tables.machines[$0] != nil }
            guard !known.isEmpty else { return 0 }
            for id in known { tables.machines[id] = nil }
            tables.machineTokens = tables.machineTokens.filter { !known.contains($0.value.machine) }
            tables.machineHistory.removeAll { known.contains($0.machine) }
            tables.record(entry, change: entry.change)
            tables.increaseRevision()
            return known.count
        }
    }

    public func setTags(_ tags: [String], of id: HashedMachineID, entry: ChangeEntry) async throws {
        try database.write { tables in
            guard tables.machines[id] != nil else { throw LivepatchError.machineUnknown(id) }
            tables.machines[id]?.machine.tags = Set(tags).sorted()
            tables.record(entry, change: entry.change)
        }
    }
}
