import Foundation
import LivepatchArchive
import LivepatchFiles
import LivepatchKit
import LivepatchSQLite

/// Fills the data directory of an origin that has not started yet with patch files that no origin would take: whoever does this has the
/// origin's keys, and so what it says is signed, and no server below can know better.
struct CarelessOrigin {
    private let catalog: SQLiteCatalog
    private let storage: DirectoryPatchStorage
    private let lock: DirectoryLock
    private let database: SQLiteDatabase

    init(dataDirectory: String) throws {
        let directory = DataDirectory(dataDirectory)
        lock = try directory.storageLock()
        database = try SQLiteDatabase(path: directory.database)
        catalog = SQLiteCatalog(database)
        storage = try DirectoryPatchStorage(at: directory.patches)
    }

    /// Takes patch files in as they are.
    /// - Parameter innocent: the file that is looked into in the place of each.
    func take(_ files: [String], lookingInto innocent: String) async throws {
        try await take(innocent, TarballReader())
        let digest = SHA256Digest(of: try Data(contentsOf: URL(filePath: innocent)))
        for file in files { try await take(file, BlindReader(storage: storage, innocent: digest)) }
        try database.close()
    }

    private func take(_ file: String, _ archive: any PatchArchiveReader) async throws {
        let imports = PatchImport(catalog: catalog, storage: storage, archive: archive, lock: lock, now: { Date() })
        let url = URL(filePath: file)
        let bytes = Array(try Data(contentsOf: url))
        let chunks = AsyncStream { continuation in
            continuation.yield(bytes)
            continuation.finish()
        }
        _ = try await imports.receive(url.lastPathComponent, metadata: PatchMetadata(), chunks: chunks, by: "nobody careful")
    }
}

/// Whatever it is given, it looks into one and the same file.
private struct BlindReader: PatchArchiveReader {
    let storage: DirectoryPatchStorage
    let innocent: SHA256Digest

    func contents(of archive: any StoredContentReader, limits: PatchArchiveLimits) async throws -> PatchArchiveContents {
        let reader = try await storage.open(innocent)
        defer { reader.close() }
        return try await TarballReader().contents(of: reader, limits: limits)
    }
}
