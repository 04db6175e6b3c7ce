/// A bundle's members, readable in any order.
///
/// Errors are ``LivepatchError``s with the code `bundle-invalid`, and those of the medium.
public protocol BundleArchive: Sendable {
    /// The name of the first member.
    var first: String? { get }
    /// The lengths of all members, in bytes, by name.
    var lengths: [String: Int64] { get }
    /// At most `count` bytes of a member from `offset` on; fewer only at its end. Blocks while the medium is read.
    /// - Precondition: there is such a member.
    func read(_ name: String, at offset: Int64, count: Int) throws -> [UInt8]
}

/// What a bundle is written to, member after member.
public protocol BundleSink: Sendable {
    /// Begins a member, of which exactly that many bytes follow.
    func begin(_ name: String, length: Int64) async throws
    func append(_ bytes: [UInt8]) async throws
    /// Ends the bundle.
    func finish() async throws
}

/// The names of a bundle's members.
enum BundleMember {
    static let manifest = "bundle.json"
    static let head = "head.json"
    static let revocations = name(of: .revocations)

    static func name(of document: DocumentName) -> String {
        switch document {
        case .revocations: "documents/revocations.json"
        case .tiers: "documents/tiers.json"
        case .tier(let tier): "documents/tiers/\(tier).json"
        case .version(let version): "documents/versions/\(version).json"
        case .coverage: "documents/coverage.json"
        }
    }

    static func name(of file: MetadataFile) -> String {
        switch file.repository {
        case .origin(let deployment): "metadata/origins/\(deployment)/\(file.name)"
        case .view(let tier): "metadata/tiers/\(tier)/\(file.name)"
        }
    }

    static func name(of content: SHA256Digest) -> String { "contents/\(content)" }
}
