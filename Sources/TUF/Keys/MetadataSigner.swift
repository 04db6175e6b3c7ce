/// Signs metadata with one key, which may be in memory, in a file, or in a device elsewhere.
public protocol MetadataSigner: Sendable {
    /// The id under which metadata lists the key.
    var keyID: String { get }
    /// The public key.
    var key: Key { get }

    /// Signs the canonical form of a document.
    func sign(_ bytes: [UInt8]) async throws -> [UInt8]
}
