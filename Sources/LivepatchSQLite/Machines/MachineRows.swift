import FoundationEssentials
import GRDB
import LivepatchKit

/// The rows of machines and of what they reported.
struct MachineRows {
    let db: Database

    init(_ db: Database) { self.db = db }

    private static let columns = """
        machine.key, machine.id, auth_token.name, auth_token.tier, machine.registered, machine.last_seen, machine.report,
        machine.state_since, machine.booted, machine.shared_since
        """
    private static let tables = "machine JOIN auth_token ON auth_token.id = machine.auth_token"

    func machine(_ id: HashedMachineID) throws -> Machine? {
        let statement = try db.cachedStatement(sql: "SELECT \(Self.columns) FROM \(Self.tables) WHERE machine.id = ?")
        return try Row.fetchOne(statement, arguments: [Column.blob(id.digest)]).map(machine)
    }

    func key(_ id: HashedMachineID) throws -> Int64? {
        try Int64.fetchOne(
            db.cachedStatement(sql: "SELECT key FROM machine WHERE id = ?"), arguments: [Column.blob(id.digest)])
    }

    /// In order of id.
    func machines(_ condition: MachineCondition, limit: Int) throws -> [Machine] {
        try Row.fetchAll(
            db, sql: "SELECT \(Self.columns) FROM \(Self.tables) \(condition.clause) ORDER BY machine.id LIMIT ?",
            arguments: condition.arguments + [max(limit, 0)]
        ).map(machine)
    }

    func count(_ condition: MachineCondition) throws -> Int {
        try Int.fetchOne(db, sql: "SELECT count(*) FROM machine \(condition.clause)", arguments: condition.arguments) ?? 0
    }

    // MARK: Reports

    /// Makes a report its machine's last one.
    /// - Returns: whether there is such a machine.
    func write(_ update: MachineUpdate) throws {
        let report = update.report
        let json = try Column.json(report)
        if !update.isChange {
            // What machines are looked for by stays, and no index but that of the last sign of life has to be written.
            try db.cachedStatement(sql: "UPDATE machine SET report = :report, \(Self.signOfLife) WHERE id = :id")
                .execute(arguments: signOfLife(update) + ["report": json])
            return
        }
        let statement = try db.cachedStatement(
            sql: """
                UPDATE machine SET
                    state_since = CASE WHEN kernel IS :kernel AND flavour IS :flavour AND architecture IS :architecture
                        AND patch_version IS :version AND attempted_version IS :attempted AND state IS :state
                        THEN state_since ELSE :time END,
                    kernel = :kernel, flavour = :flavour, architecture = :architecture, patch_version = :version,
                    attempted_version = :attempted, state = :state, report = :report, \(Self.signOfLife)
                WHERE id = :id
                """)
        try statement.execute(
            arguments: signOfLife(update) + [
                "kernel": report.kernel.version.description, "flavour": report.kernel.flavour.rawValue,
                "architecture": report.kernel.architecture.rawValue, "version": report.patchVersion.map(Column.key),
                "attempted": report.attemptedVersion.map(Column.key), "state": report.patchState.rawValue, "report": json,
            ])
        guard db.changesCount > 0 else { return }
        try db.cachedStatement(
            sql: """
                INSERT INTO machine_history (machine, time, booted, shared_since, report)
                SELECT key, ?, ?, ?, ? FROM machine WHERE id = ?
                """
        ).execute(arguments: [
            Column.seconds(update.time), update.booted.map(Column.seconds), update.sharedSince.map(Column.seconds), json,
            Column.blob(update.machine.digest),
        ])
    }

    /// Notes that a machine was heard of, and keeps nothing that it said.
    func writeSignOfLife(_ update: MachineUpdate) throws {
        try db.cachedStatement(
            sql: """
                UPDATE machine SET kernel = NULL, flavour = NULL, architecture = NULL, patch_version = NULL,
                    attempted_version = NULL, state = NULL, state_since = NULL, report = NULL, \(Self.signOfLife)
                WHERE id = :id
                """
        ).execute(arguments: signOfLife(update))
    }

    /// What is written whatever the report says. That two machines use the id is known until it registers anew.
    private static let signOfLife = """
        last_seen = :time, booted = coalesce(:booted, booted),
        shared_since = CASE WHEN :shared >= registered THEN :shared ELSE shared_since END
        """

    private func signOfLife(_ update: MachineUpdate) -> StatementArguments {
        [
            "id": Column.blob(update.machine.digest), "time": Column.seconds(update.time),
            "booted": update.booted.map(Column.seconds), "shared": update.sharedSince.map(Column.seconds),
        ]
    }

    /// Newest first.
    func history(of id: HashedMachineID, limit: Int) throws -> [MachineUpdate] {
        guard let key = try key(id) else { return [] }
        return try Row.fetchAll(
            db,
            sql: """
                SELECT time, booted, shared_since, report FROM machine_history WHERE machine = ? ORDER BY id DESC LIMIT ?
                """, arguments: [key, max(limit, 0)]
        ).map { row in
            MachineUpdate(
                machine: id, time: Column.date(row[0]), report: try Column.value(MachineReport.self, json: row[3]),
                isChange: true, booted: Column.optionalDate(row[1]), sharedSince: Column.optionalDate(row[2]))
        }
    }

    /// - Returns: how many lines there were.
    func removeHistory(before time: Date, limit: Int) throws -> Int {
        try db.execute(
            sql: """
                DELETE FROM machine_history WHERE id IN
                    (SELECT id FROM machine_history WHERE time < ? ORDER BY time LIMIT ?)
                """, arguments: [Column.seconds(time), max(limit, 0)])
        return db.changesCount
    }

    // MARK: Administration

    /// Forgets a machine with its tokens, history and tags.
    /// - Returns: whether there was one.
    func remove(_ id: HashedMachineID) throws -> Bool {
        try db.cachedStatement(sql: "DELETE FROM machine WHERE id = ?").execute(arguments: [Column.blob(id.digest)])
        return db.changesCount > 0
    }

    func setTags(_ tags: Set<String>, key: Int64) throws {
        try db.execute(sql: "DELETE FROM machine_tag WHERE machine = ?", arguments: [key])
        for tag in tags {
            try db.execute(sql: "INSERT INTO machine_tag (machine, tag) VALUES (?, ?)", arguments: [key, tag])
        }
    }

    private func machine(_ row: Row) throws -> Machine {
        let report: String? = row[6]
        let tags = try db.cachedStatement(sql: "SELECT tag FROM machine_tag WHERE machine = ?")
        return Machine(
            id: HashedMachineID(digest: try Column.digest(row, 1)), authToken: row[2],
            tier: try Column.value(TierName.self, row[3]), registered: Column.date(row[4]),
            lastSeen: Column.optionalDate(row[5]),
            report: try report.map { try Column.value(MachineReport.self, json: $0) },
            stateSince: Column.optionalDate(row[7]), booted: Column.optionalDate(row[8]),
            sharedSince: Column.optionalDate(row[9]),
            tags: try String.fetchAll(tags, arguments: [row[0] as Int64]).sorted())
    }
}
