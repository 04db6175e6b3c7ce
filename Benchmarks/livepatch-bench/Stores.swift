import Foundation
import LivepatchFiles
import LivepatchKit
import LivepatchSQLite

/// A data directory, opened as a server opens it.
struct Stores: Sendable {
    let catalog: any Catalog
    let tokens: any TokenStore
    let storage: any PatchStorage
    let lock: any StorageLock
    private let database: SQLiteDatabase

    init(at path: String) throws {
        let directory = DataDirectory(path)
        lock = try directory.storageLock()
        database = try SQLiteDatabase(path: directory.database)
        catalog = SQLiteCatalog(database)
        tokens = SQLiteTokenStore(database)
        storage = try DirectoryPatchStorage(at: directory.patches)
    }

    func close() throws { try database.close() }

    /// Puts a file into storage and catalogue, without looking into it.
    @discardableResult
    func release(_ name: PatchFileName, _ bytes: [UInt8]) async throws -> PatchFile {
        let content = try await store(bytes)
        let file = PatchFile(
            name: name, length: content.length, digest: content.digest, released: Timestamp.wholeSecond(Date()))
        _ = try await catalog.add(file, entry: ChangeEntry(time: Date(), actor: "bench", action: "patch import \(name)"))
        return file
    }

    /// Puts content into the storage.
    func store(_ bytes: [UInt8]) async throws -> StoredContent {
        let upload = try await storage.stageUpload(limit: Int64(bytes.count))
        try await upload.append(bytes)
        let content = try await upload.seal()
        try await upload.keep()
        return content
    }

    /// A sync token's secret.
    func issueToken() async throws -> String {
        let issuer = TokenIssuer(tokens: tokens, now: { Date() })
        return try await issuer.add(
            tier: TierState.defaultTiers[0], name: "bench", validUntil: nil, by: "bench"
        ).secret
    }
}
