import Logging
import TUF

/// Decides with which root the trust in each of an upstream's repositories begins.
///
/// The root is kept beside what is trusted, so that it can be compared later with those that are configured.
struct TrustAnchors: Sendable {
    /// The name under which a repository's cache keeps the root that trust began with. Nobody delegates to a role of that name here.
    static let role = "anchor"
    /// How many roots are looked through for one that is configured.
    private static let greatestRoot = 64

    let trust: any TrustStorage
    /// The fingerprints of the roots that are trusted; if there are none, the first root seen is.
    let configured: Set<SHA256Digest>
    let limits: ClientLimits
    let logger: Logger

    /// What is allowed where no roots are configured.
    struct FirstUse: Sendable {
        /// Whether no origin was trusted before.
        let origins: Bool
        /// The servers whose tiers were trusted before.
        let owners: Set<DeploymentID>

        init(_ trusted: [TrustedRepository]) {
            var origins = true
            var owners: Set<DeploymentID> = []
            for repository in trusted {
                switch repository {
                case .origin: origins = false
                case .view(_, let owner): owners.insert(owner)
                }
            }
            self.origins = origins
            self.owners = owners
        }

        func permits(_ repository: TrustedRepository) -> Bool {
            switch repository {
            case .origin: origins
            case .view(_, let owner): owners.isEmpty || owners.contains(owner)
            }
        }
    }

    /// Whether something is trusted of a repository, beginning with a root that still is to be trusted.
    func holds(_ repository: TrustedRepository) async throws -> Bool {
        guard let anchor = try await anchor(of: repository) else { return false }
        return configured.isEmpty || configured.contains(anchor)
    }

    /// Sees to it that a repository's trust begins with a root that is to be trusted.
    /// - Parameter siblings: the other views of the same server.
    /// - Returns: the root's fingerprint if it was pinned because it was the first one seen.
    /// - Throws: ``LivepatchError`` with the code `upstream-untrusted`, or `upstream-moving` if the upstream has no root at all.
    func establish(
        _ repository: TrustedRepository, siblings: [TrustedRepository], firstUse: FirstUse, from source: UpstreamRepository,
        address: String
    ) async throws -> SHA256Digest? {
        if try await holds(repository) { return nil }
        let sibling = try await anchor(among: siblings)
        var seen: [SHA256Digest] = []
        for version in 1...Self.greatestRoot {
            let name = RepositoryFile.metadata(RoleName.root, version: version).path
            guard let root = try await source.bytes(name, limit: limits.rootLength), root.count <= limits.rootLength else {
                break
            }
            let fingerprint = SHA256Digest(of: root)
            seen.append(fingerprint)
            if let sibling {
                guard fingerprint == sibling else { continue }
                try await begin(repository, with: root, from: address)
                return nil
            }
            if configured.isEmpty {
                guard firstUse.permits(repository) else {
                    throw LivepatchError.unexpectedRoot(repository, seen: fingerprint, from: address)
                }
                try await begin(repository, with: root, from: address)
                logger.warning(
                    "trusting a root because it is the first one seen",
                    metadata: ["repository": "\(repository)", "fingerprint": "\(fingerprint)"])
                return fingerprint
            }
            guard configured.contains(fingerprint) else { continue }
            try await begin(repository, with: root, from: address)
            return nil
        }
        if seen.isEmpty {
            throw LivepatchError.refusing(
                TUFError(.unavailable, "It has no root."), repository, from: address)
        }
        if let sibling { throw LivepatchError.differentRoots(repository, expected: sibling, seen: seen, from: address) }
        throw LivepatchError.foreignRoot(repository, seen: seen, from: address)
    }

    /// The fingerprint of the root that trust in a repository began with; `nil` if nothing is trusted of it.
    private func anchor(of repository: TrustedRepository) async throws -> SHA256Digest? {
        let cache = try await trust.trusted(repository)
        guard try await cache.read(RoleName.root, limit: limits.rootLength) != nil,
            let anchor = try await cache.read(Self.role, limit: limits.rootLength)
        else { return nil }
        return SHA256Digest(of: anchor)
    }

    private func anchor(among siblings: [TrustedRepository]) async throws -> SHA256Digest? {
        for sibling in siblings {
            if let anchor = try await anchor(of: sibling), configured.isEmpty || configured.contains(anchor) { return anchor }
        }
        return nil
    }

    private func begin(_ repository: TrustedRepository, with root: [UInt8], from address: String) async throws {
        try await trust.forget(repository)
        let cache = try await trust.trusted(repository)
        // The root last: without it nothing is trusted.
        try await cache.write(root, for: Self.role)
        do { try await Updater.trust(root, in: cache) } catch let error as TUFError {
            throw LivepatchError.refusing(error, repository, from: address)
        }
    }
}
