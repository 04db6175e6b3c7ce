import FoundationEssentials
import GRDB
import LivepatchKit

/// The rows of what deployments below reported.
struct DownstreamRows {
    let db: Database

    init(_ db: Database) { self.db = db }

    // MARK: Reports

    func key(_ source: DownstreamSource) throws -> Int64? {
        let statement = try db.cachedStatement(
            sql: """
                SELECT id FROM downstream_report WHERE reporter = ? AND deployment = ?
                    AND token = (SELECT id FROM token WHERE name = ? AND revoked IS NULL)
                """)
        return try Int64.fetchOne(
            statement, arguments: [source.reporter.rawValue, source.deployment.rawValue, source.token])
    }

    /// In order of token, reporter, deployment.
    func reports() throws -> [DownstreamReport] {
        try Row.fetchAll(
            db,
            sql: """
                SELECT downstream_report.report FROM downstream_report JOIN token ON token.id = downstream_report.token
                WHERE token.revoked IS NULL ORDER BY token.name, downstream_report.reporter, downstream_report.deployment
                """
        ).map { try Column.value(DownstreamReport.self, json: $0[0]) }
    }

    /// The machines of a deployment that is told of again stay.
    func replace(_ reports: [DownstreamReport], token: Int64, reporter: DeploymentID) throws {
        let known = try Set(
            String.fetchAll(
                db, sql: "SELECT deployment FROM downstream_report WHERE token = ? AND reporter = ?",
                arguments: [token, reporter.rawValue]))
        for deployment in known.subtracting(reports.map(\.deployment.rawValue)) {
            try db.execute(
                sql: "DELETE FROM downstream_report WHERE token = ? AND reporter = ? AND deployment = ?",
                arguments: [token, reporter.rawValue, deployment])
        }
        let statement = try db.cachedStatement(
            sql: """
                INSERT INTO downstream_report (token, reporter, deployment, report) VALUES (?, ?, ?, ?)
                ON CONFLICT (token, reporter, deployment) DO UPDATE SET report = excluded.report
                """)
        for report in reports {
            try statement.execute(arguments: [
                token, reporter.rawValue, report.deployment.rawValue, try Column.json(report),
            ])
        }
    }

    // MARK: Machines

    /// How far the machines' reports of a deployment have come, and how many machines there are.
    func feed(_ key: Int64) throws -> (mark: MachineFeedMark?, machines: Int) {
        let row = try Row.fetchOne(
            db, sql: "SELECT feed_epoch, feed_sequence FROM downstream_report WHERE id = ?", arguments: [key])
        let count = try Int.fetchOne(
            db, sql: "SELECT count(*) FROM downstream_machine WHERE source = ?", arguments: [key])
        let epoch: String? = row?[0]
        let sequence: Int64? = row?[1]
        return (epoch.flatMap { epoch in sequence.map { MachineFeedMark(epoch: epoch, sequence: $0) } }, count ?? 0)
    }

    func lastSequence(_ key: Int64) throws -> Int64 {
        try Int64.fetchOne(
            db, sql: "SELECT max(sequence) FROM downstream_machine WHERE source = ?", arguments: [key]) ?? 0
    }

    func removeMachines(_ key: Int64) throws {
        try db.execute(sql: "DELETE FROM downstream_machine WHERE source = ?", arguments: [key])
    }

    /// How many machines came with the sync token that a deployment is reported with.
    func machines(ofTokenOf key: Int64) throws -> Int {
        try Int.fetchOne(
            db,
            sql: """
                SELECT count(*) FROM downstream_machine WHERE source IN (
                    SELECT id FROM downstream_report WHERE token = (SELECT token FROM downstream_report WHERE id = ?))
                """, arguments: [key]) ?? 0
    }

    func write(_ page: MachinePage, _ key: Int64) throws {
        let statement = try db.cachedStatement(
            sql: "INSERT OR REPLACE INTO downstream_machine (source, machine, content) VALUES (?, ?, ?)")
        for machine in page.machines {
            try statement.execute(arguments: [key, Column.blob(machine.id.digest), try Column.json(machine)])
        }
        try db.execute(
            sql: "UPDATE downstream_report SET feed_epoch = ?, feed_sequence = ? WHERE id = ?",
            arguments: [page.mark.epoch, page.mark.sequence, key])
    }

    func changes(_ key: Int64, after sequence: Int64, limit: Int) throws -> [MachineChange] {
        try Row.fetchAll(
            db,
            sql: """
                SELECT sequence, content FROM downstream_machine WHERE source = ? AND sequence > ? ORDER BY sequence LIMIT ?
                """, arguments: [key, sequence, max(limit, 0)]
        ).map { MachineChange(sequence: $0[0], machine: try Column.value(Machine.self, json: $0[1])) }
    }

    /// In order of id.
    func machines(_ condition: DownstreamCondition, limit: Int) throws -> [Machine] {
        try String.fetchAll(
            db, sql: "SELECT content FROM downstream_machine WHERE \(condition.sql) ORDER BY machine LIMIT ?",
            arguments: condition.arguments + [max(limit, 0)]
        ).map { try Column.value(Machine.self, json: $0) }
    }

    func count(_ condition: DownstreamCondition) throws -> Int {
        try Int.fetchOne(
            db, sql: "SELECT count(*) FROM downstream_machine WHERE \(condition.sql)", arguments: condition.arguments) ?? 0
    }
}
