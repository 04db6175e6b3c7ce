/// Where fetched documents wait to be needed again: over an interrupted sync, and from one sync to the next while they stay in the view.
public protocol DocumentCache: Sendable {
    /// The bytes with that digest, if they are here.
    func fetchedDocument(_ digest: SHA256Digest) async throws -> [UInt8]?
    /// Keeps bytes whose digest has been checked. The catalogue keeps them at least until its next commit.
    func keepFetchedDocument(_ bytes: [UInt8], _ digest: SHA256Digest) async throws
}

/// Keeps nothing.
public struct NoDocumentCache: DocumentCache {
    public init() {}
    public func fetchedDocument(_ digest: SHA256Digest) -> [UInt8]? { nil }
    public func keepFetchedDocument(_ bytes: [UInt8], _ digest: SHA256Digest) {}
}
