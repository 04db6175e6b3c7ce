import Foundation
import LivepatchFiles
import LivepatchKit
import LivepatchSQLite

/// A data directory, opened as a server opens it.
struct Stores: Sendable {
    let catalog: any Catalog
    let tokens: any TokenStore
    let authTokens: any AuthTokenStore
    let storage: any PatchStorage
    let trust: any TrustStorage
    let lock: any StorageLock
    private let database: SQLiteDatabase

    init(at path: String) throws {
        let directory = DataDirectory(path)
        lock = try directory.storageLock()
        database = try SQLiteDatabase(path: directory.database)
        catalog = SQLiteCatalog(database)
        tokens = SQLiteTokenStore(database)
        authTokens = SQLiteAuthTokenStore(database)
        storage = try DirectoryPatchStorage(at: directory.patches)
        trust = DirectoryTrustStorage(at: directory.trust)
    }

    func close() throws { try database.close() }

    /// Puts files into storage and catalogue, without looking into them.
    /// - Parameter atOnce: how many are stored at the same time.
    @discardableResult
    func release(_ contents: [(name: PatchFileName, bytes: [UInt8])], atOnce: Int = 1) async throws -> [PatchFile] {
        let files = try await withThrowingTaskGroup(of: [PatchFile].self) { group in
            for worker in 0..<atOnce {
                group.addTask {
                    var files: [PatchFile] = []
                    for index in stride(from: worker, to: contents.count, by: atOnce) {
                        let content = try await store(contents[index].bytes)
                        files.append(
                            PatchFile(
                                name: contents[index].name, length: content.length, digest: content.digest,
                                released: Timestamp.wholeSecond(Date())))
                    }
                    return files
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        try await storage.synchronize()
        for file in files {
            _ = try await catalog.add(
                file, entry: ChangeEntry(time: Date(), actor: "bench", action: "patch import \(file.name)"))
        }
        return files
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
