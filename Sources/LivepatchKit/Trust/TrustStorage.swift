public import TUF

/// Where trust is kept: outside the catalogue, so that restoring an old catalogue does not take it back.
public protocol TrustStorage: Sendable {
    /// The metadata that this server has signed and published itself.
    func published(_ repository: MetadataRepository) async throws -> any PublishedMetadata
    /// The tiers of which a view was ever published here, those that are gone among them: the views share their roots.
    func publishedViews() async throws -> [TierName]
    /// The metadata of an upstream's repositories that this server has verified and trusts, beginning with a root.
    func trusted(_ repository: TrustedRepository) async throws -> any MetadataCache
    /// The repositories of upstreams of which anything is trusted, in any order.
    func trustedRepositories() async throws -> [TrustedRepository]
    /// Forgets all that was trusted of a repository, so that trust begins with a root again.
    func forget(_ repository: TrustedRepository) async throws
}

/// A repository of an upstream.
public enum TrustedRepository: Hashable, Sendable {
    case origin(DeploymentID)
    /// A view of the tier repository that a deployment signs.
    case view(TierName, owner: DeploymentID)

    /// How those who sync from a server that shows it ask for it.
    public var repository: MetadataRepository {
        switch self {
        case .origin(let deployment): .origin(deployment)
        case .view(let tier, _): .view(tier)
        }
    }
}

/// One repository's published metadata files, by the names that clients ask for.
public protocol PublishedMetadata: Sendable {
    /// `nil` if there is none of that name.
    func read(_ name: String) async throws -> [UInt8]?
    /// Puts a file in the place of an older one, so that readers find one of the two, whole, and after a crash too.
    func write(_ bytes: [UInt8], as name: String) async throws
    /// Takes files away that nobody needs any more; those that are not there are no error.
    func remove(_ names: [String]) async throws
    /// All names.
    func names() async throws -> [String]
}

/// The keys with which a server signs. Each is an Ed25519 key of its own.
public enum TrustKeyName: String, Hashable, Sendable, CaseIterable {
    /// Of the repository of what this server releases: its root, what patches are and what is revoked, and freshness.
    case originRoot = "origin-root"
    case originTargets = "origin-targets"
    case originOnline = "origin-online"
    /// Of the repository of its tiers.
    case tiersRoot = "tiers-root"
    case tiersTargets = "tiers-targets"
    case tiersOnline = "tiers-online"
}

/// The private keys of a server.
public protocol TrustKeyStore: Sendable {
    /// The key; `nil` if it is not here, as a root's that is kept offline.
    func key(_ name: TrustKeyName) async throws -> SigningKey?
    /// The key, made and kept first where there is none.
    func keyOrNew(_ name: TrustKeyName) async throws -> SigningKey
}
