import FoundationEssentials
import GRDB
import LivepatchKit

/// Machines in numbers.
struct FleetRows {
    let db: Database

    init(_ db: Database) { self.db = db }

    /// The condition that machines are of a tier.
    private static let ofTier = "machine.auth_token IN (SELECT id FROM auth_token WHERE tier = ?)"

    private func condition(_ tier: TierName?) -> (sql: String, arguments: StatementArguments) {
        tier.map { (Self.ofTier, [$0.rawValue]) } ?? ("1", [])
    }

    /// Counted by the index alone, for each auth token in turn.
    func groups(tier: TierName?) throws -> [MachineGroup] {
        let tiers = try Dictionary(
            uniqueKeysWithValues: Row.fetchAll(db, sql: "SELECT id, tier FROM auth_token").map { row in
                (row[0] as Int64, try Column.value(TierName.self, row[1]))
            })
        let condition = condition(tier)
        let rows = try Row.fetchCursor(
            db,
            sql: """
                SELECT auth_token, kernel, flavour, architecture, patch_version, attempted_version, state, count(*) FROM machine
                WHERE \(condition.sql)
                GROUP BY auth_token, kernel, flavour, architecture, patch_version, attempted_version, state
                """, arguments: condition.arguments)
        var counts: [MachineGroup: Int] = [:]
        while let row = try rows.next() {
            guard let tier = tiers[row[0]] else { throw SQLiteFault.damagedRow("a machine's auth token is missing") }
            // Groups differ by tier, not by auth token.
            counts[try group(row, tier), default: 0] += row[7]
        }
        return counts.map { group, count in
            MachineGroup(
                tier: group.tier, kernel: group.kernel, applied: group.applied, attempted: group.attempted, state: group.state,
                machines: count)
        }
    }

    private func group(_ row: Row, _ tier: TierName) throws -> MachineGroup {
        let kernel: String? = row[1]
        let applied: Int64? = row[4]
        let attempted: Int64? = row[5]
        let state: String? = row[6]
        return MachineGroup(
            tier: tier,
            kernel: try kernel.map {
                MachineKernel(
                    version: try Column.value(KernelVersion.self, $0), flavour: try Column.value(Flavour.self, row[2]),
                    architecture: try Column.value(Architecture.self, row[3]))
            },
            applied: try applied.map(Column.version), attempted: try attempted.map(Column.version),
            state: state.map { PatchState(rawValue: $0) ?? .unknown } ?? .needsCheck, machines: 0)
    }

    func presence(tier: TierName?, now: Date, silentSince: Date) throws -> FleetPresence {
        let now = Column.seconds(now)
        let silent = Int64(silentSince.timeIntervalSince1970.rounded(.up))
        let condition = condition(tier)
        // Each of the two reads one index, where no tier is asked for.
        let seen = try Row.fetchOne(
            db,
            sql: """
                SELECT count(*), count(*) FILTER (WHERE last_seen >= ?), count(*) FILTER (WHERE last_seen >= ?),
                    count(*) FILTER (WHERE last_seen >= ?), count(*) FILTER (WHERE last_seen < ?)
                FROM machine WHERE last_seen IS NOT NULL AND \(condition.sql)
                """,
            arguments: [now - 3600, now - 86_400, now - 7 * 86_400, silent] + condition.arguments)
        let unseen = try Row.fetchOne(
            db,
            sql: """
                SELECT count(*), count(*) FILTER (WHERE registered < ?) FROM machine
                WHERE last_seen IS NULL AND \(condition.sql)
                """, arguments: [silent] + condition.arguments)
        guard let seen, let unseen else { return FleetPresence() }
        let (all, hour, day, week): (Int, Int, Int, Int) = (seen[0], seen[1], seen[2], seen[3])
        return FleetPresence(
            hour: hour, day: day - hour, week: week - day, older: all - week, never: unseen[0],
            silent: (seen[4] as Int) + (unseen[1] as Int))
    }

    func failures(tier: TierName?, version: PatchVersion?, limit: Int) throws -> [FailureMessage] {
        let condition = condition(tier)
        let states = PatchState.allCases.filter(\.isFailure).map(\.rawValue)
        let about = "coalesce(machine.attempted_version, machine.patch_version)"
        return try Row.fetchAll(
            db,
            sql: """
                SELECT auth_token.tier, \(about), machine.state, json_extract(machine.report, '$.message') AS message,
                    count(*) AS machines
                FROM machine JOIN auth_token ON auth_token.id = machine.auth_token
                WHERE machine.state IN (\(states.map { _ in "?" }.joined(separator: ", "))) AND message <> ''
                    AND \(condition.sql)\(version == nil ? "" : " AND \(about) = ?")
                GROUP BY 1, 2, 3, 4 ORDER BY machines DESC, message, auth_token.tier LIMIT ?
                """,
            arguments: StatementArguments(states) + condition.arguments
                + StatementArguments(version.map { [Column.key(of: $0)] } ?? []) + [max(limit, 0)]
        ).map { row in
            let about: Int64? = row[1]
            return FailureMessage(
                tier: try Column.value(TierName.self, row[0]), version: try about.map(Column.version),
                state: PatchState(rawValue: row[2]) ?? .unknown, message: row[3], machines: row[4])
        }
    }

    // MARK: Changes

    func epoch() throws -> String { try String.fetchOne(db, sql: "SELECT epoch FROM fleet_feed") ?? "" }

    func machineFeed() throws -> MachineFeedMark {
        let last = try Int64.fetchOne(db, sql: "SELECT max(sequence) FROM machine_change")
        return MachineFeedMark(epoch: try epoch(), sequence: last ?? 0)
    }

    func machineChanges(after sequence: Int64, limit: Int) throws -> [MachineChange] {
        try Row.fetchAll(
            db,
            sql: """
                SELECT machine_change.sequence, machine.id FROM machine_change JOIN machine ON machine.key = machine_change.machine
                WHERE machine_change.sequence > ? ORDER BY machine_change.sequence LIMIT ?
                """, arguments: [sequence, max(limit, 0)]
        ).compactMap { row in
            try MachineRows(db).machine(HashedMachineID(digest: try Column.digest(row, 1))).map {
                MachineChange(sequence: row[0], machine: $0)
            }
        }
    }
}
