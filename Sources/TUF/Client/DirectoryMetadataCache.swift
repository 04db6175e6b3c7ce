/// A cache that is a directory of files: `root.json`, `timestamp.json`, … without version, other names percent-encoded.
public struct DirectoryMetadataCache: MetadataCache {
    private let directory: String

    /// - Parameter directory: its path; the directory must be there.
    public init(_ directory: String) { self.directory = directory }

    /// - Throws: ``TUFError`` with code ``TUFError/Code/storage``.
    public func read(_ role: String, limit: Int) async throws -> [UInt8]? {
        try SmallFile.read(path(role), limit: limit)
    }

    /// - Throws: ``TUFError`` with code ``TUFError/Code/storage``.
    public func write(_ document: [UInt8], for role: String) async throws {
        try SmallFile.write(document, to: path(role))
    }

    private func path(_ role: String) -> String { "\(directory)/\(FileName.encoded(role, suffix: ".json"))" }
}
