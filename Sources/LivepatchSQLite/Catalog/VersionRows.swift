import FoundationEssentials
import GRDB
import LivepatchKit

/// By how much the counts of a version change.
struct AvailabilityDifference: Hashable {
    var available = 0
    var awaited = 0

    static func += (left: inout Self, right: Self) {
        left.available += right.available
        left.awaited += right.awaited
    }
}

/// The rows of patch versions, each with what its files sum up to.
struct VersionRows {
    let db: Database

    init(_ db: Database) { self.db = db }

    private static let columns =
        "id, source, arrived, released, files, available, bytes, cves, document_length, document_digest, awaited"

    func all() throws -> [PatchVersionRecord] {
        let statement = try db.cachedStatement(sql: "SELECT \(Self.columns) FROM version ORDER BY id")
        var versions: [PatchVersionRecord] = []
        let rows = try Row.fetchCursor(statement)
        while let row = try rows.next() { versions.append(try record(row)) }
        return versions
    }

    func names() throws -> Set<PatchVersion> {
        Set(try Int64.fetchAll(db.cachedStatement(sql: "SELECT id FROM version")).map(Column.version))
    }

    func version(_ version: PatchVersion) throws -> PatchVersionRecord? {
        let statement = try db.cachedStatement(sql: "SELECT \(Self.columns) FROM version WHERE id = ?")
        return try Row.fetchOne(statement, arguments: [Column.key(of: version)]).map(record)
    }

    /// Adds or replaces a version's row; its files stay.
    func write(_ record: PatchVersionRecord) throws {
        let statement = try db.cachedStatement(
            sql: """
                INSERT INTO version (\(Self.columns)) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                ON CONFLICT (id) DO UPDATE SET source = excluded.source, arrived = excluded.arrived,
                    released = excluded.released, files = excluded.files, available = excluded.available,
                    bytes = excluded.bytes, cves = excluded.cves, document_length = excluded.document_length,
                    document_digest = excluded.document_digest, awaited = excluded.awaited
                """)
        try statement.execute(arguments: [
            Column.key(of: record.version), record.source.rawValue, Column.seconds(record.arrived),
            Column.seconds(record.released), record.files, record.available, record.bytes, Column.line(record.cves),
            record.document?.length, (record.document?.digest).map(Column.blob), record.awaited ?? 0,
        ])
    }

    /// Forgets a version with its files, its document and its place in the tiers.
    /// - Returns: whether there was one.
    func remove(_ version: PatchVersion) throws -> Bool {
        try db.cachedStatement(sql: "DELETE FROM version WHERE id = ?").execute(arguments: [Column.key(of: version)])
        return db.changesCount > 0
    }

    /// Changes how many files of a version can be served, and how many of them are fetched first.
    func add(_ difference: AvailabilityDifference, _ version: PatchVersion) throws {
        try db.cachedStatement(sql: "UPDATE version SET available = available + ?, awaited = awaited + ? WHERE id = ?")
            .execute(arguments: [difference.available, difference.awaited, Column.key(of: version)])
    }

    private func record(_ row: Row) throws -> PatchVersionRecord {
        guard let source = PatchVersionRecord.Source(rawValue: row[1]) else {
            throw SQLiteFault.damagedRow("a patch version has no known source")
        }
        var document: DocumentReference?
        if let length: Int64 = row[8] { document = DocumentReference(length: length, digest: try Column.digest(row, 9)) }
        return PatchVersionRecord(
            version: try Column.version(row[0]), source: source, arrived: Column.date(row[2]), released: Column.date(row[3]),
            files: row[4], available: row[5], awaited: row[10], bytes: row[6], cves: Column.cves(row[7]), document: document)
    }
}
