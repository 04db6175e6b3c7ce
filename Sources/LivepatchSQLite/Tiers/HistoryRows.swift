import FoundationEssentials
import GRDB
import LivepatchKit

/// The rows of the history and of tier snapshots.
struct HistoryRows {
    let db: Database

    init(_ db: Database) { self.db = db }

    /// - Parameter change: what the record says changed, in place of what the entry says.
    /// - Returns: the record's number.
    @discardableResult
    func add(_ entry: ChangeEntry, change: TierChange?) throws -> Int64 {
        let change = change.flatMap { $0.isEmpty ? nil : $0 }
        try db.execute(
            sql: "INSERT INTO history (time, actor, action, reason, change, undoes) VALUES (?, ?, ?, ?, ?, ?)",
            arguments: [
                Column.seconds(entry.time), entry.actor, entry.action, entry.reason, try change.map(Column.json), entry.undoes,
            ])
        return db.lastInsertedRowID
    }

    private static let columns = """
        id, time, actor, action, reason, change, undoes,
        (SELECT max(later.id) FROM history AS later WHERE later.undoes = history.id)
        """

    /// Newest first.
    func records(limit: Int, before: Int64?) throws -> [ChangeRecord] {
        try Row.fetchAll(
            db, sql: "SELECT \(Self.columns) FROM history WHERE id < ? ORDER BY id DESC LIMIT ?",
            arguments: [before ?? Int64.max, max(limit, 0)]
        ).map(record)
    }

    func record(_ id: Int64) throws -> ChangeRecord? {
        try Row.fetchOne(db, sql: "SELECT \(Self.columns) FROM history WHERE id = ?", arguments: [id]).map(record)
    }

    private func record(_ row: Row) throws -> ChangeRecord {
        let change: String? = row[5]
        return ChangeRecord(
            id: row[0], time: Column.date(row[1]), actor: row[2], action: row[3], reason: row[4],
            change: try change.map { try Column.value(TierChange.self, json: $0) }, undoes: row[6], undoneBy: row[7])
    }

    // MARK: Snapshots

    private struct Content: Codable {
        let tiers: [TierName]
        let reach: [PatchVersion: TierName]
        /// Absent in snapshots of earlier releases.
        let unplaced: [PatchVersion]?
    }

    /// - Parameter versions: those of the catalogue.
    func addSnapshot(_ state: TierState, versions: Set<PatchVersion>, reason: String, taken: Date) throws {
        let content = try Column.json(
            Content(tiers: state.tiers, reach: state.reach, unplaced: state.unplaced(among: versions)))
        try db.execute(
            sql: "INSERT INTO tier_snapshot (taken, reason, content) VALUES (?, ?, ?)",
            arguments: [Column.seconds(taken), reason, content])
    }

    /// Newest first.
    func snapshots() throws -> [TierSnapshot] {
        try Row.fetchAll(db, sql: "SELECT id, taken, reason, content FROM tier_snapshot ORDER BY id DESC").map { row in
            let content = try Column.value(Content.self, json: row[3])
            return TierSnapshot(
                id: row[0], taken: Column.date(row[1]), reason: row[2], tiers: content.tiers, reach: content.reach,
                unplaced: content.unplaced)
        }
    }
}
