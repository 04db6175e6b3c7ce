import Synchronization

/// A cache that lasts as long as the process.
public final class MemoryMetadataCache: MetadataCache {
    private let documents: Mutex<NameTable<[UInt8]>>

    /// - Parameter documents: by role name.
    public init(_ documents: NameTable<[UInt8]> = [:]) { self.documents = Mutex(documents) }

    /// All documents, by role name.
    public var contents: NameTable<[UInt8]> { documents.withLock { $0 } }

    public func read(_ role: String, limit: Int) async throws -> [UInt8]? {
        documents.withLock { $0[role] }.flatMap { $0.count <= limit ? $0 : nil }
    }

    public func write(_ document: [UInt8], for role: String) async throws {
        documents.withLock { $0[role] = document }
    }
}
