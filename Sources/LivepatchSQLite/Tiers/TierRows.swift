import FoundationEssentials
import GRDB
import LivepatchKit

/// The rows of tiers, memberships and blocks.
struct TierRows {
    let db: Database

    init(_ db: Database) { self.db = db }

    func tiers() throws -> [TierName] {
        try String.fetchAll(db.cachedStatement(sql: "SELECT name FROM tier ORDER BY position"))
            .map { try Column.value(TierName.self, $0) }
    }

    func state() throws -> TierState {
        let tiers = try tiers()
        let byName = Dictionary(tiers.map { ($0.rawValue, $0) }) { first, _ in first }
        var reach: [PatchVersion: TierName] = [:]
        let rows = try Row.fetchCursor(db.cachedStatement(sql: "SELECT version, tier FROM reach"))
        while let row = try rows.next() { reach[try Column.version(row[0])] = byName[row[1]] }
        return TierState(tiers: tiers, reach: reach, blocks: try blocks())
    }

    private func blocks() throws -> [Block] {
        let statement = try db.cachedStatement(sql: "SELECT version, deployment, reason, blocked FROM block")
        return try Row.fetchAll(statement).map { row in
            Block(
                version: try Column.version(row[0]), reason: row[2], blocked: Column.date(row[3]),
                deployment: try Column.value(DeploymentID.self, row[1]))
        }
    }

    /// Writes what a change leads to; the tokens that it moves are not touched.
    func apply(_ change: TierChange) throws {
        if let tiers = change.tiers {
            try db.execute(sql: "DELETE FROM tier")
            for (position, tier) in tiers.after.enumerated() {
                try db.execute(
                    sql: "INSERT INTO tier (position, name) VALUES (?, ?)", arguments: [position, tier.rawValue])
            }
        }
        for reach in change.reach { try setReach(reach.version, reach.after) }
        for block in change.unblocked {
            try db.execute(
                sql: "DELETE FROM block WHERE version = ? AND deployment = ?",
                arguments: [Column.key(of: block.version), block.deployment.rawValue])
        }
        for block in change.blocked {
            try db.execute(
                sql: """
                    INSERT INTO block (version, deployment, reason, blocked) VALUES (?, ?, ?, ?)
                    ON CONFLICT DO UPDATE SET reason = excluded.reason, blocked = excluded.blocked
                    """,
                arguments: [
                    Column.key(of: block.version), block.deployment.rawValue, block.reason, Column.seconds(block.blocked),
                ])
        }
    }

    func setReach(_ version: PatchVersion, _ tier: TierName?) throws {
        let key = Column.key(of: version)
        if let tier {
            try db.cachedStatement(
                sql: "INSERT INTO reach (version, tier) VALUES (?, ?) ON CONFLICT DO UPDATE SET tier = excluded.tier"
            )
            .execute(arguments: [key, tier.rawValue])
        } else {
            try db.cachedStatement(sql: "DELETE FROM reach WHERE version = ?").execute(arguments: [key])
        }
    }
}
