public import FoundationEssentials

/// One patch version built for one kernel: what is delivered. Its content is identified by its digest; the name is a reference to it.
public struct PatchFile: Hashable, Sendable, Codable {
    public let name: PatchFileName
    /// The tarball's length in bytes.
    public let length: Int64
    /// The tarball's SHA-256.
    public let digest: SHA256Digest
    /// When the origin released it, to the second.
    public let released: Date
    /// The CVEs that it fixes, sorted, as far as the origin said.
    public let cves: [String]

    public init(name: PatchFileName, length: Int64, digest: SHA256Digest, released: Date, cves: [String] = []) {
        self.name = name
        self.length = length
        self.digest = digest
        self.released = released
        self.cves = cves.sorted()
    }
}
