/// Where a client keeps the metadata that it trusts, from one update to the next.
///
/// What is read from it is verified like what comes from the network; only the root has to be guarded from others' hands.
public protocol MetadataCache: Sendable {
    /// A role's document; `nil` if there is none, or it is longer than `limit` bytes.
    /// - Parameter role: any name; the root's is `root`.
    func read(_ role: String, limit: Int) async throws -> [UInt8]?

    /// Puts a document in the place of an older one, so that after a crash there is one of the two, whole.
    func write(_ document: [UInt8], for role: String) async throws
}
