import TUF

/// What a repository is to say, and its way into storage: delegated roles, targets, snapshot, roots, and the timestamp last, so that
/// whoever reads meanwhile, or after a crash, finds all of the old state or all of the new.
struct RepositoryPublication: Sendable {
    /// Of the top-level role; version and expiry do not count.
    var targets: Targets
    /// Delegated roles whose documents are stored here.
    var roles: [RoleDocument<Targets>] = []
    /// Delegated roles whose documents are elsewhere.
    var elsewhere: NameTable<MetadataFileEntry> = [:]

    /// A repository after it was published.
    struct Outcome: Sendable {
        let timestamp: DocumentReference
        let snapshot: Snapshot
        let targets: Targets
        /// When something of it should be renewed.
        let renewal: MetadataTime
    }

    /// How long a file that was superseded is kept for those who are still reading, in seconds.
    private static let grace: Int64 = 3600

    /// Publishes what differs from what was published last.
    func publish(over present: PublishedRepository, keys: RepositoryKeys, signer: RoleSigner) async throws -> Outcome {
        let lifetimes = signer.lifetimes
        let targets = try await signer.document(
            RoleName.targets, targets, instead: present.targets, above: present.highestVersion(of: RoleName.targets),
            key: keys.targets, life: lifetimes.targets)

        var body = Snapshot(expires: signer.time)
        // What was listed once must not vanish (TUF, section 5.5.5), unless the key changed with which that was said.
        if let last = present.snapshot, last.isSigned(by: keys.online) { body.roles = last.body.roles }
        body.roles[RoleName.targets] = targets.entry
        for role in roles { body.roles[role.role] = role.entry }
        for (role, entry) in elsewhere.sorted { body.roles[role] = entry }
        body.unrecognized = self.targets.viewMember
        let snapshot = try await signer.document(
            RoleName.snapshot, body, instead: present.snapshot, above: present.highestVersion(of: RoleName.snapshot),
            key: keys.online, life: lifetimes.snapshot)

        var head = TUF.Timestamp(expires: signer.time, snapshot: snapshot.entry)
        head.unrecognized = self.targets.viewMember
        let timestamp = try await signer.document(
            RoleName.timestamp, head, instead: present.timestamp, above: 0, key: keys.online, life: lifetimes.timestamp)

        var stored = (roles + [targets]).map { (name: $0.name, bytes: $0.bytes) }
        stored.append((snapshot.name, snapshot.bytes))
        // Of a file that is there already no more is known than its name: a crash may have left it, or a disk have damaged it.
        for file in stored where try await present.files.read(file.name) != file.bytes {
            try await present.files.write(file.bytes, as: file.name)
        }
        for root in keys.roots.missing(among: present.names) { try await present.files.write(root.bytes, as: root.name) }
        if timestamp.bytes != present.timestamp?.bytes { try await present.files.write(timestamp.bytes, as: timestamp.name) }

        try await clean(present, needed: present.currentNames.union(stored.map(\.name)), at: signer.time)
        let documents = [targets] + roles
        return Outcome(
            timestamp: timestamp.reference, snapshot: snapshot.body, targets: targets.body,
            renewal: ([
                lifetimes.timestamp.due(timestamp.body.expires), lifetimes.snapshot.due(snapshot.body.expires), keys.renewal,
            ] + documents.map { lifetimes.targets.due($0.body.expires) }).min() ?? signer.time)
    }

    /// Takes away what was superseded long enough ago. When that was, the version that superseded it says.
    private func clean(_ present: PublishedRepository, needed: Set<String>, at time: MetadataTime) async throws {
        var versions: [String: [Int]] = [:]
        for name in present.names.union(needed) {
            guard let versioned = VersionedName(name), versioned.file != Self.root else { continue }
            versions[versioned.file, default: []].append(versioned.version)
        }
        var superseded: [String] = []
        for (file, versions) in versions {
            let versions = versions.sorted()
            for (version, next) in zip(versions, versions.dropFirst()) where Int64(next) + Self.grace <= time.secondsSince1970 {
                let name = "\(version).\(file)"
                if !needed.contains(name) { superseded.append(name) }
            }
        }
        if !superseded.isEmpty { try await present.files.remove(superseded.sorted()) }
    }

    private static let root = RepositoryFile.metadata(RoleName.root, version: nil).path
}

extension PublishedRepository {
    /// The names of the files that the timestamp leads to.
    fileprivate var currentNames: Set<String> {
        guard let snapshot, let targets else { return [] }
        let delegated = targets.body.delegatedRoles.compactMap { role in
            snapshot.body.roles[role.name].map { RepositoryFile.metadata(role.name, version: $0.version).path }
        }
        return Set([snapshot.name, targets.name] + delegated)
    }
}

extension Targets {
    /// The member that says which view of the tier repository a document belongs to: the same keys sign all of them, and none must
    /// be taken for another.
    static let view = "view"

    /// ``view``, if there is one, for the other roles of the same repository.
    fileprivate var viewMember: JSONObject {
        guard let view = unrecognized[Self.view] else { return JSONObject() }
        return [Self.view: view]
    }

    /// The roles that are listed one by one.
    var delegatedRoles: [DelegatedRole] {
        guard case .listed(let listed)? = delegations?.roles else { return [] }
        return listed
    }
}
