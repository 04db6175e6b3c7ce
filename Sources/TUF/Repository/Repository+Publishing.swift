extension Repository {
    /// Signs what was changed, and what has to follow, and stores it: targets metadata, snapshot, root, and the timestamp last,
    /// so that with consistent snapshots a client that fetches meanwhile finds all of the old state or all of the new.
    ///
    /// If a signature is missing, nothing is stored and nothing is changed. If storing fails, publish again: the same documents are
    /// signed with higher versions.
    /// - Parameters:
    ///   - signers: in any order; each signs the roles whose keys it has. After a change of the root's keys, the former ones are
    ///     needed too.
    ///   - now: from when on ``lifetimes`` count.
    /// - Throws: ``TUFError`` with code ``TUFError/Code/unsigned`` if a threshold is not reached; what signers and storage throw.
    public mutating func publish(
        to storage: any RepositoryStorage, signing signers: [any MetadataSigner], at now: MetadataTime = .now()
    ) async throws {
        var next = self
        let newRoles = try await next.signTargets(signers, now)
        if !newRoles.isEmpty || changed.contains(ExactName(RoleName.snapshot)) {
            try await next.signSnapshot(newRoles, signers, now)
        }
        try await next.signTimestamp(signers, now)
        try await next.signRoot(signers, now)
        let hasNewSnapshot = next.snapshot.signed.version != snapshot.signed.version
        let hasNewRoot = next.root.signed.version != publishedRoot?.version
        // Should storing fail half-way, these versions are used up.
        adoptVersions(of: next)

        let isConsistent = next.root.signed.usesConsistentSnapshots
        for (role, metadata) in newRoles.sorted {
            try await storage.write(
                metadata.document, as: .metadata(role, version: isConsistent ? metadata.signed.version : nil))
        }
        if hasNewSnapshot {
            try await storage.write(
                next.snapshot.document,
                as: .metadata(RoleName.snapshot, version: isConsistent ? next.snapshot.signed.version : nil))
        }
        if hasNewRoot {
            try await storage.write(next.root.document, as: .metadata(RoleName.root, version: next.root.signed.version))
            try await storage.write(next.root.document, as: .metadata(RoleName.root, version: nil))
        }
        try await storage.write(next.timestamp.document, as: .metadata(RoleName.timestamp, version: nil))
        next.publishedRoot = next.root.signed
        next.changed = []
        next.adopted = []
        self = next
    }

    /// Stores a target's content under the names that clients ask for: in a consistent snapshot one for each of its hashes.
    /// - Throws: ``TUFError`` with code ``TUFError/Code/lengthMismatch`` or ``TUFError/Code/hashMismatch`` if it is not what the role
    ///   says, or ``TUFError/Code/notPossible`` if the role does not know the target; what the storage throws.
    public func store(
        _ content: [UInt8], as path: String, of role: String = RoleName.targets, in storage: any RepositoryStorage
    ) async throws {
        guard let description = roles[role]?.signed.targets[path] else {
            throw TUFError(.notPossible, "The role “\(role)” has no target “\(path)”.")
        }
        try Target(path: path, description: description, role: role).check(content)
        guard root.signed.usesConsistentSnapshots else {
            try await storage.write(content, as: .target(path, hash: nil))
            return
        }
        for (_, digest) in description.hashes.digests.sorted {
            try await storage.write(content, as: .target(path, hash: digest))
        }
    }

    // MARK: Signing

    private mutating func signTargets(
        _ signers: [any MetadataSigner], _ now: MetadataTime
    ) async throws -> NameTable<Metadata<Targets>> {
        var signed: NameTable<Metadata<Targets>> = [:]
        for (role, present) in roles.sorted {
            if adopted.contains(ExactName(role)) { signed[role] = present }
            guard changed.contains(ExactName(role)) else { continue }
            var body = present.signed
            body.version += 1
            body.expires = now.adding(days: lifetimes.targets)
            let metadata = try await Self.signed(Metadata(body), for: delegators(of: role), role, signers)
            signed[role] = metadata
            roles[role] = metadata
        }
        return signed
    }

    private mutating func signSnapshot(
        _ newRoles: NameTable<Metadata<Targets>>, _ signers: [any MetadataSigner], _ now: MetadataTime
    ) async throws {
        var body = snapshot.signed
        for (role, metadata) in newRoles.sorted {
            body.roles[role] = entry(version: metadata.signed.version, document: metadata.document)
        }
        body.version += 1
        body.expires = now.adding(days: lifetimes.snapshot)
        snapshot = try await signed(Metadata(body), RoleName.snapshot, signers)
    }

    private mutating func signTimestamp(_ signers: [any MetadataSigner], _ now: MetadataTime) async throws {
        var body = timestamp.signed
        body.snapshot = entry(version: snapshot.signed.version, document: snapshot.document)
        body.version += 1
        body.expires = now.adding(days: lifetimes.timestamp)
        timestamp = try await signed(Metadata(body), RoleName.timestamp, signers)
    }

    private mutating func signRoot(_ signers: [any MetadataSigner], _ now: MetadataTime) async throws {
        guard changed.contains(ExactName(RoleName.root)) else { return }
        root = try await Self.signed(nextRoot(at: now), for: rootDelegators(root.signed), RoleName.root, signers)
    }

    func rootDelegators(_ next: Root) -> [(keys: RoleKeys, table: NameTable<Key>)] {
        [publishedRoot, next].compactMap { root in root.flatMap { root in root.roles[RoleName.root].map { ($0, root.keys) } } }
    }

    private func signed<Body: RoleBody>(
        _ metadata: Metadata<Body>, _ role: String, _ signers: [any MetadataSigner]
    ) async throws -> Metadata<Body> {
        let keys = root.signed.roles[role].map { [($0, root.signed.keys)] } ?? []
        return try await Self.signed(metadata, for: keys, role, signers)
    }

    /// Has everybody sign whose key one of those who ask for signatures lists, and checks that all of them are content.
    private static func signed<Body: RoleBody>(
        _ metadata: Metadata<Body>, for delegators: [(keys: RoleKeys, table: NameTable<Key>)], _ role: String,
        _ signers: [any MetadataSigner]
    ) async throws -> Metadata<Body> {
        var metadata = metadata
        let wanted = Set(delegators.flatMap(\.keys.keyIDs).map { ExactName($0) })
        for signer in signers where wanted.contains(ExactName(signer.keyID)) { try await metadata.sign(with: signer) }
        for delegator in delegators { try metadata.verify(by: delegator.keys, keys: delegator.table, name: role) }
        return metadata
    }

    private func entry(version: Int, document: [UInt8]) -> MetadataFileEntry {
        listsHashes
            ? MetadataFileEntry(version: version, length: document.count, hashes: FileHashes(of: document))
            : MetadataFileEntry(version: version)
    }

    private mutating func adoptVersions(of next: Repository) {
        for (role, metadata) in next.roles.sorted where !adopted.contains(ExactName(role)) {
            roles[role]?.signed.version = metadata.signed.version
        }
        snapshot.signed.version = next.snapshot.signed.version
        timestamp.signed.version = next.timestamp.signed.version
    }
}
