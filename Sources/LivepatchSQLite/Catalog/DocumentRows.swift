import FoundationEssentials
import GRDB
import LivepatchKit

/// The rows of documents.
struct DocumentRows {
    let db: Database

    init(_ db: Database) { self.db = db }

    func document(of version: PatchVersion) throws -> PublishedDocument? {
        let statement = try db.cachedStatement(sql: "SELECT bytes, digest FROM version_document WHERE version = ?")
        guard let row = try Row.fetchOne(statement, arguments: [try Column.key(of: version)]) else { return nil }
        return PublishedDocument(bytes: try bytes(row), digest: try Column.digest(row, 1))
    }

    func setDocument(of version: PatchVersion, _ document: PublishedDocument) throws {
        let statement = try db.cachedStatement(
            sql: """
                INSERT INTO version_document (version, digest, bytes) VALUES (?, ?, ?)
                ON CONFLICT (version) DO UPDATE SET digest = excluded.digest, bytes = excluded.bytes
                """)
        try statement.execute(arguments: [
            try Column.key(of: version), Column.blob(document.digest), Data(document.bytes),
        ])
    }

    func removeDocument(of version: PatchVersion) throws {
        try db.cachedStatement(sql: "DELETE FROM version_document WHERE version = ?")
            .execute(arguments: [try Column.key(of: version)])
    }

    func fetched(_ digest: SHA256Digest) throws -> [UInt8]? {
        let statement = try db.cachedStatement(sql: "SELECT bytes FROM fetched_document WHERE digest = ?")
        return try Row.fetchOne(statement, arguments: [Column.blob(digest)]).map(bytes)
    }

    func keepFetched(_ bytes: [UInt8], _ digest: SHA256Digest) throws {
        try db.cachedStatement(sql: "INSERT INTO fetched_document (digest, bytes) VALUES (?, ?) ON CONFLICT DO NOTHING")
            .execute(arguments: [Column.blob(digest), Data(bytes)])
    }

    func removeFetched() throws { try db.execute(sql: "DELETE FROM fetched_document") }

    private func bytes(_ row: Row) throws -> [UInt8] {
        try row.withUnsafeData(atIndex: 0) { Array($0 ?? Data()) }
    }
}
