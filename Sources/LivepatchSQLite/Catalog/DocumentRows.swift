import FoundationEssentials
import GRDB
import LivepatchKit

/// The rows of documents.
struct DocumentRows {
    let db: Database

    init(_ db: Database) { self.db = db }

    func document(of version: PatchVersion) throws -> PublishedDocument? {
        let statement = try db.cachedStatement(sql: "SELECT bytes, digest FROM version_document WHERE version = ?")
        guard let row = try Row.fetchOne(statement, arguments: [Column.key(of: version)]) else { return nil }
        return PublishedDocument(bytes: try content(row), digest: try Column.digest(row, 1))
    }

    func setDocument(of version: PatchVersion, _ document: PublishedDocument) throws {
        let statement = try db.cachedStatement(
            sql: """
                INSERT INTO version_document (version, digest, bytes) VALUES (?, ?, ?)
                ON CONFLICT (version) DO UPDATE SET digest = excluded.digest, bytes = excluded.bytes
                """)
        try statement.execute(arguments: [
            Column.key(of: version), Column.blob(document.digest), Data(document.bytes),
        ])
    }

    func removeDocument(of version: PatchVersion) throws {
        try db.cachedStatement(sql: "DELETE FROM version_document WHERE version = ?")
            .execute(arguments: [Column.key(of: version)])
    }

    /// The bytes with that digest, just fetched or held as a version's document: a filter that was widened switches to the same
    /// document again.
    func bytes(_ digest: SHA256Digest) throws -> [UInt8]? {
        let statement = try db.cachedStatement(
            sql: """
                SELECT bytes FROM fetched_document WHERE digest = ?1
                UNION ALL SELECT bytes FROM version_document WHERE digest = ?1
                """)
        return try Row.fetchOne(statement, arguments: [Column.blob(digest)]).map(content)
    }

    func keepFetched(_ bytes: [UInt8], _ digest: SHA256Digest) throws {
        try db.cachedStatement(sql: "INSERT INTO fetched_document (digest, bytes) VALUES (?, ?) ON CONFLICT DO NOTHING")
            .execute(arguments: [Column.blob(digest), Data(bytes)])
    }

    func removeFetched(except digests: Set<SHA256Digest>) throws {
        let statement = try db.cachedStatement(sql: "DELETE FROM fetched_document WHERE digest = ?")
        for digest in try Data.fetchSet(db, sql: "SELECT digest FROM fetched_document")
            .subtracting(digests.map(Column.blob))
        { try statement.execute(arguments: [digest]) }
    }

    private func content(_ row: Row) throws -> [UInt8] {
        try row.withUnsafeData(atIndex: 0) { Array($0 ?? Data()) }
    }
}
