/// One of the repositories of signed metadata (The Update Framework, version 1.0) that a server shows to those below it.
public enum MetadataRepository: Hashable, Sendable {
    /// What the patches of one deployment are, and which of them it has revoked: signed where they enter the chain, and relayed byte
    /// for byte by every server below.
    case origin(DeploymentID)
    /// Who gets which patch: the view that tokens for a tier open, signed by the server that owns the tiers, and relayed byte for
    /// byte by those that mirror them (`patch-sync.sync-tiers`).
    case view(TierName)
}

extension MetadataRepository: CustomStringConvertible {
    public var description: String {
        switch self {
        case .origin(let deployment): "the origin repository of \(deployment)"
        case .view(let tier): "the tier repository's view '\(tier)'"
        }
    }
}

/// A metadata file of a repository, as it is asked for: `timestamp.json`, `3.root.json`, `1763800000.patch-107.1.json`.
public struct MetadataFile: Hashable, Sendable {
    public let repository: MetadataRepository
    /// The file's name, as its URL ends: percent-encoded as The Update Framework wants it.
    public let name: String

    public init(_ name: String, of repository: MetadataRepository) {
        self.repository = repository
        self.name = name
    }

    /// The name of every repository's timestamp.
    public static let timestamp = "timestamp.json"

    /// Whether it is the document of a patch version.
    public var isOfPatchVersion: Bool { VersionedName(name)?.patch != nil }
}

extension MetadataFile: CustomStringConvertible {
    public var description: String { "'\(name)' of \(repository)" }
}
