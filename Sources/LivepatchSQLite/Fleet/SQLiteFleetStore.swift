public import FoundationEssentials
public import LivepatchKit

/// What is asked of machines as a whole, over an ``SQLiteDatabase``: SQL counts them, and none is loaded.
public struct SQLiteFleetStore: FleetStore {
    private let database: SQLiteDatabase

    public init(_ database: SQLiteDatabase) { self.database = database }

    // MARK: This server's machines

    public func groups(tier: TierName?) async throws -> [MachineGroup] {
        try await database.read { try FleetRows($0).groups(tier: tier) }
    }

    public func presence(tier: TierName?, now: Date, silentSince: Date) async throws -> FleetPresence {
        try await database.read { try FleetRows($0).presence(tier: tier, now: now, silentSince: silentSince) }
    }

    public func failures(tier: TierName?, version: PatchVersion?, limit: Int) async throws -> [FailureMessage] {
        try await database.read { try FleetRows($0).failures(tier: tier, version: version, limit: limit) }
    }

    public func machineFeed() async throws -> MachineFeedMark {
        try await database.read { try FleetRows($0).machineFeed() }
    }

    public func machineChanges(after sequence: Int64, limit: Int) async throws -> [MachineChange] {
        try await database.read { try FleetRows($0).machineChanges(after: sequence, limit: limit) }
    }

    // MARK: From below

    public func replaceDownstreamReports(
        _ reports: [DownstreamReport], token: String, reporter: DeploymentID, received: Date
    ) async throws {
        try await database.write { db in
            guard let (key, _) = try TokenRows(db).unrevoked(token) else { throw LivepatchError.tokenUnknown(token) }
            try DownstreamRows(db).replace(reports, token: key, reporter: reporter)
        }
    }

    public func downstreamReports() async throws -> [DownstreamReport] {
        try await database.read { try DownstreamRows($0).reports() }
    }

    public func downstreamFeed(_ source: DownstreamSource) async throws -> (mark: MachineFeedMark?, machines: Int)? {
        try await database.read { db in
            let rows = DownstreamRows(db)
            return try rows.key(source).map { try rows.feed($0) }
        }
    }

    public func keep(
        _ page: MachinePage, from source: DownstreamSource
    ) async throws -> (mark: MachineFeedMark?, machines: Int)? {
        try await database.write { db in
            let rows = DownstreamRows(db)
            guard let key = try rows.key(source) else { return nil }
            let before = try rows.feed(key)
            let fits = before.mark == MachineFeedMark(epoch: page.header.epoch, sequence: page.header.after)
            guard fits || page.header.after == 0 else { return before }
            if page.header.after == 0 { try rows.removeMachines(key) }
            try rows.write(page, key)
            guard try rows.machines(ofTokenOf: key) <= FleetBounds.keptMachines else {
                throw LivepatchError.tooManyMachinesBelow(source.token)
            }
            return try rows.feed(key)
        }
    }

    public func downstreamChangeMark(_ source: DownstreamSource) async throws -> MachineFeedMark? {
        try await database.read { db in
            let rows = DownstreamRows(db)
            guard let key = try rows.key(source), try rows.feed(key).mark != nil else { return nil }
            return MachineFeedMark(epoch: try FleetRows(db).epoch(), sequence: try rows.lastSequence(key))
        }
    }

    public func downstreamChanges(
        of source: DownstreamSource, after sequence: Int64, limit: Int
    ) async throws -> [MachineChange] {
        try await database.read { db in
            let rows = DownstreamRows(db)
            return try rows.key(source).map { try rows.changes($0, after: sequence, limit: limit) } ?? []
        }
    }

    public func downstreamMachines(
        _ query: MachineQuery, among sources: [DownstreamSource], after: DownstreamMachine.Place?, limit: Int
    ) async throws -> [DownstreamMachine] {
        try await database.read { db in
            var machines: [DownstreamMachine] = []
            for source in sources.sorted(by: { $0.deployment < $1.deployment }) where machines.count < limit {
                if let after, source.deployment < after.deployment { continue }
                guard let key = try DownstreamRows(db).key(source) else { continue }
                let place = after?.deployment == source.deployment ? after?.machine : nil
                let condition = DownstreamCondition(query, source: key, after: place)
                machines += try DownstreamRows(db).machines(condition, limit: limit - machines.count).map {
                    DownstreamMachine(deployment: source.deployment, machine: $0)
                }
            }
            return machines
        }
    }

    public func countDownstreamMachines(_ query: MachineQuery, among sources: [DownstreamSource]) async throws -> Int {
        try await database.read { db in
            try sources.reduce(0) { count, source in
                guard let key = try DownstreamRows(db).key(source) else { return count }
                return count + (try DownstreamRows(db).count(DownstreamCondition(query, source: key)))
            }
        }
    }
}
