import FoundationEssentials
import TUF

/// Reads the metadata that a server shows of one repository, without judging it.
struct RepositorySurvey {
    private let repository: MetadataRepository
    private let publisher: any DocumentPublisher
    private let tier: TierName
    private let time: Date

    /// - Parameter tier: whose tokens' view is looked at.
    init(of repository: MetadataRepository, publisher: any DocumentPublisher, tier: TierName, time: Date) {
        self.repository = repository
        self.publisher = publisher
        self.tier = tier
        self.time = time
    }

    /// All roots, oldest first.
    func roots() async throws -> [(version: Int, digest: SHA256Digest)] {
        var roots: [(version: Int, digest: SHA256Digest)] = []
        while let bytes = try await bytes(.metadata(RoleName.root, version: roots.count + 1)) {
            roots.append((version: roots.count + 1, digest: SHA256Digest(of: bytes)))
        }
        return roots
    }

    /// The roles that the repository signs itself, those of patch versions as one. While the repository is being renewed its
    /// documents may not fit together for a moment; then they are read again.
    /// - Parameter view: of a tier repository; the roles of patch versions are not its own.
    func ownRoles(view: TierName?) async throws -> [TrustStatus.Role] {
        for _ in 0..<3 {
            if let roles = try await consistentRoles(view: view) { return roles }
        }
        throw LivepatchError(
            .trustUnavailable, "The published metadata of \(repository) lacks documents that it names.",
            suggestion: "Start the server again; if that does not help, restore the data directory's trust from a backup.")
    }

    /// - Returns: `nil` if a document is missing.
    private func consistentRoles(view: TierName?) async throws -> [TrustStatus.Role]? {
        let number = try await roots().count
        guard let root: Root = try await body(.metadata(RoleName.root, version: number)),
            let timestamp: TUF.Timestamp = try await body(.metadata(RoleName.timestamp, version: nil)),
            let snapshot: Snapshot = try await body(.metadata(RoleName.snapshot, version: timestamp.snapshot.version)),
            let entry = snapshot.roles[RoleName.targets],
            let targets: Targets = try await body(.metadata(RoleName.targets, version: entry.version))
        else { return nil }
        func role(_ name: String, _ body: some RoleBody, _ keys: RoleKeys?, view: TierName?) -> TrustStatus.Role {
            TrustStatus.Role(
                name: name, view: view, version: body.version, keys: keys?.keyIDs ?? [], threshold: keys?.threshold ?? 0,
                expires: body.expires.date, state: ExpiryState(of: name, expiring: body.expires.date, at: time))
        }
        var roles = [
            role(RoleName.root, root, root.roles[RoleName.root], view: nil),
            role(RoleName.timestamp, timestamp, root.roles[RoleName.timestamp], view: view),
            role(RoleName.snapshot, snapshot, root.roles[RoleName.snapshot], view: view),
            role(RoleName.targets, targets, root.roles[RoleName.targets], view: view),
        ]
        guard case .listed(let delegated)? = targets.delegations?.roles else { return roles }
        var patches: [(keys: RoleKeys, expires: Date)] = []
        for listed in delegated {
            guard let entry = snapshot.roles[listed.name] else { return nil }
            let body: Targets? = try await body(.metadata(listed.name, version: entry.version))
            if MetadataRoles.version(of: listed.name) != nil {
                // What no tier offers is not shown.
                if let body { patches.append((listed.keys, body.expires.date)) }
            } else if let body {
                roles.append(role(listed.name, body, listed.keys, view: nil))
            } else {
                return nil
            }
        }
        if view == nil, let first = patches.min(by: { $0.expires < $1.expires }) {
            let name = MetadataRoles.anyPatch
            roles.append(
                TrustStatus.Role(
                    name: name, version: nil, documents: patches.count, keys: first.keys.keyIDs, threshold: first.keys.threshold,
                    expires: first.expires, state: ExpiryState(of: name, expiring: first.expires, at: time)))
        }
        return roles
    }

    private func bytes(_ file: RepositoryFile) async throws -> [UInt8]? {
        try await publisher.metadata(MetadataFile(file.path, of: repository), for: tier)
    }

    private func body<Body: RoleBody>(_ file: RepositoryFile) async throws -> Body? {
        guard let bytes = try await bytes(file) else { return nil }
        do {
            return try Metadata<Body>(bytes).signed
        } catch {
            throw LivepatchError(
                .trustUnavailable, "'\(file.path)' of \(repository), which this server shows, cannot be read: \(error.message)",
                suggestion: "Restore the data directory's trust from a backup.", cause: error)
        }
    }
}

extension MetadataTime {
    /// The moment as the domain has it.
    var date: Date { Date(timeIntervalSince1970: TimeInterval(secondsSince1970)) }
}
