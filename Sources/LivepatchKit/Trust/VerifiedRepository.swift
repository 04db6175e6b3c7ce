import TUF

/// One of an upstream's repositories, brought up to date and verified.
struct VerifiedRepository: Sendable {
    let repository: TrustedRepository
    /// Where it was fetched from, and what errors call that.
    let source: UpstreamRepository
    let address: String
    private let cache: any MetadataCache
    private let limits: ClientLimits
    private var updater: Updater
    let timestamp: DocumentReference
    let snapshot: Snapshot
    let targets: Targets
    /// By role.
    private var roles: NameTable<Targets> = [:]

    /// Carries out the client's workflow.
    /// - Parameter announced: the timestamp that the head names.
    /// - Throws: ``LivepatchError`` with the codes `upstream-untrusted`, `upstream-stale` and `upstream-moving`, and those of upstreams.
    init(
        refreshing repository: TrustedRepository, to announced: DocumentReference, from source: UpstreamRepository,
        address: String, in cache: any MetadataCache, at time: MetadataTime, limits: ClientLimits
    ) async throws {
        self.repository = repository
        self.source = source
        self.address = address
        self.cache = cache
        self.limits = limits
        updater = Updater(cache: cache, fetcher: source, limits: limits, startTime: time, inspect: Self.inspection(repository))
        do {
            try await updater.refresh()
            guard let trusted = updater.trusted, let snapshot = trusted.snapshot?.signed,
                let targets = trusted.targets(RoleName.targets, delegatedBy: RoleName.root)
            else { throw TUFError(.notPossible, "It is not up to date.") }
            guard trusted.root.signed.usesConsistentSnapshots else {
                throw TUFError(.refused, "Its files have no versions in their names (consistent snapshots).")
            }
            self.snapshot = snapshot
            self.targets = targets
            timestamp = DocumentReference(of: try await Self.kept(RoleName.timestamp, in: cache, limits))
        } catch let error as TUFError {
            throw LivepatchError.refusing(error, repository, from: address)
        }
        guard timestamp == announced else { throw LivepatchError.moving(repository, from: address) }
    }

    /// The keys that sign one view sign all of them; so each document says which it belongs to.
    private static func inspection(_ repository: TrustedRepository) -> TrustedMetadata.Inspection {
        { (body, role) throws(TUFError) in
            guard RoleName.topLevel.contains(role) else { return }
            let said = body.unrecognized[Targets.view]
            switch repository {
            case .view(let tier, _) where said == .string(tier.description): return
            case .origin where said == nil: return
            default:
                let text = if case .string(let text)? = said { "belongs to the view “\(text)”" } else { "belongs to no view" }
                throw TUFError(.refused, "The metadata of the role “\(role)” \(text).")
            }
        }
    }

    /// A role to which `targets` delegates.
    mutating func role(_ name: String) async throws -> Targets {
        if let known = roles[name] { return known }
        do {
            let body = try await updater.role(name)
            roles[name] = body
            return body
        } catch let error as TUFError {
            throw LivepatchError.refusing(error, repository, from: address)
        }
    }

    /// A role that was read before.
    func known(_ role: String) -> Targets? { roles[role] }

    /// Verifies a role's document without keeping it.
    /// - Throws: ``TUFError``.
    func verified(_ document: [UInt8], role: String) throws -> Metadata<Targets> {
        guard let trusted = updater.trusted else { throw TUFError(.notPossible, "It is not up to date.") }
        return try trusted.verified(document, role: role, delegatedBy: RoleName.targets)
    }

    /// What the snapshot lists of a role.
    /// - Returns: `nil` if it does not list it, or does not say length and SHA-256.
    func reference(of role: String) -> DocumentReference? { snapshot.roles[role].flatMap { DocumentReference($0) } }

    /// The names and bytes of the files of roles that were read.
    func files(of wanted: [String]) async throws -> [String: [UInt8]] {
        var files: [String: [UInt8]] = [:]
        for role in wanted {
            guard let body = roles[role] else { continue }
            files[RepositoryFile.metadata(role, version: body.version).path] = try await bytes(role)
        }
        return files
    }

    /// The names and bytes of all files that this was read from, but for roots.
    private func files() async throws -> [String: [UInt8]] {
        var files = try await files(of: roles.names)
        files[MetadataFile.timestamp] = try await bytes(RoleName.timestamp)
        files[RepositoryFile.metadata(RoleName.snapshot, version: snapshot.version).path] = try await bytes(RoleName.snapshot)
        files[RepositoryFile.metadata(RoleName.targets, version: targets.version).path] = try await bytes(RoleName.targets)
        return files
    }

    /// The files to relay, kept where fetched documents are.
    /// - Parameter former: those that were relayed before.
    func relay(after former: RelayedRepository?, in documents: any DocumentCache) async throws -> RelayedRepository {
        var files = try await files()
        var known = source.files
        for (name, reference) in former?.files ?? [:] where known[name] == nil && VersionedName(name)?.file == Self.root {
            known[name] = try await documents.fetchedDocument(reference.digest)
        }
        let root = updater.trusted?.root.signed.version ?? 0
        do {
            for root in try await RelayedRoots.collect(
                upTo: root, trusted: try await bytes(RoleName.root), known: known, from: source, limits: limits)
            { files[root.name] = root.bytes }
        } catch let error as TUFError {
            throw LivepatchError.refusing(error, repository, from: address)
        }
        var references: [String: DocumentReference] = [:]
        for (name, bytes) in files {
            let reference = DocumentReference(of: bytes)
            try await documents.keepFetchedDocument(bytes, reference.digest)
            references[name] = reference
        }
        return RelayedRepository(repository, files: references)
    }

    private static let root = RepositoryFile.metadata(RoleName.root, version: nil).path

    private func bytes(_ role: String) async throws -> [UInt8] {
        do { return try await Self.kept(role, in: cache, limits) } catch let error as TUFError {
            throw LivepatchError.refusing(error, repository, from: address)
        }
    }

    private static func kept(_ role: String, in cache: any MetadataCache, _ limits: ClientLimits) async throws -> [UInt8] {
        guard let bytes = try await cache.read(role, limit: limits.announcedLength) else {
            throw TUFError(.storage, "The metadata of the role “\(role)” is not there any more.")
        }
        return bytes
    }
}

extension DocumentReference {
    /// - Returns: `nil` if the entry does not say length and SHA-256.
    init?(_ entry: MetadataFileEntry) {
        guard let length = entry.length, let text = entry.hashes?.digests["sha256"],
            let digest = try? SHA256Digest(parsing: text)
        else { return nil }
        self.init(length: Int64(length), digest: digest)
    }
}
