import TUF

/// The root documents of a repository, from the first one on. They are never changed, and never taken away.
struct RootChain: Sendable {
    /// By version.
    private(set) var documents: [Int: [UInt8]] = [:]
    /// The last one; `nil` if there is none yet.
    private(set) var newest: Metadata<Root>?

    /// Reads the roots of repositories that share them.
    /// - Throws: ``LivepatchError`` with the code `trust-unavailable` if one cannot be read.
    init(of repositories: [PublishedRepository], _ subject: String) async throws {
        for repository in repositories {
            for name in repository.names {
                guard let versioned = VersionedName(name), versioned.file == "root.json", documents[versioned.version] == nil
                else { continue }
                documents[versioned.version] = try await repository.files.read(name)
            }
        }
        guard let version = documents.keys.max(), let bytes = documents[version] else { return }
        guard let root = try? Metadata<Root>(bytes), root.signed.version == version else {
            throw LivepatchError(
                .trustUnavailable, "The root '\(version).root.json' of \(subject) that this server published cannot be read.",
                suggestion: "Restore that file from a backup: readers go from each root to the next.")
        }
        newest = root
    }

    mutating func append(_ root: Metadata<Root>) {
        documents[root.signed.version] = root.document
        newest = root
    }

    /// What a repository with those files lacks, first version first.
    func missing(among names: Set<String>) -> [(name: String, bytes: [UInt8])] {
        documents.sorted { $0.key < $1.key }
            .map { (name: RepositoryFile.metadata(RoleName.root, version: $0.key).path, bytes: $0.value) }
            .filter { !names.contains($0.name) }
    }
}

/// The names of a repository's keys, and what errors call the repository.
struct RepositoryKeyNames: Sendable {
    let root: TrustKeyName
    let targets: TrustKeyName
    let online: TrustKeyName
    let subject: String

    static let origin = RepositoryKeyNames(
        root: .originRoot, targets: .originTargets, online: .originOnline, subject: "the origin repository")
    static let tiers = RepositoryKeyNames(
        root: .tiersRoot, targets: .tiersTargets, online: .tiersOnline, subject: "the tier repository")

    init(root: TrustKeyName, targets: TrustKeyName, online: TrustKeyName, subject: String) {
        self.root = root
        self.targets = targets
        self.online = online
        self.subject = subject
    }

    init(_ kind: TrustedRoot.Kind) {
        self =
            switch kind {
            case .origin: .origin
            case .tiers: .tiers
            }
    }
}

/// A repository's keys, as its root lists them.
struct RepositoryKeys: Sendable {
    let roots: RootChain
    let targets: SigningKey
    let online: SigningKey
    /// When the root should be looked at again.
    let renewal: MetadataTime

    /// Gets the keys and, where the roots so far do not list them or come near their end, signs a new root.
    /// - Parameter adoption: a root that was signed elsewhere, and is to be the next if it is of this kind.
    /// - Throws: ``LivepatchError`` with the code `trust-unavailable` if a new root is needed and its keys are not here, `root-refused`
    ///   if the one that was signed elsewhere is not as it should be.
    init(
        _ kind: TrustedRoot.Kind, of repositories: [PublishedRepository], in store: any TrustKeyStore, signer: RoleSigner,
        adopting adoption: RootAdoption? = nil
    ) async throws {
        let names = RepositoryKeyNames(kind)
        var roots = try await RootChain(of: repositories, names.subject)
        targets = try await store.keyOrNew(names.targets)
        online = try await store.keyOrNew(names.online)
        let wanted = [RoleName.targets: targets, RoleName.snapshot: online, RoleName.timestamp: online]
        let life = signer.lifetimes.root
        if let adoption, adoption.kind == kind {
            try await roots.adopt(
                adoption.document, names.subject, signingWith: store.key(names.root), listing: wanted, at: signer.time)
        }
        var body: Root
        var need: String?
        let rootKey: SigningKey?
        if let newest = roots.newest {
            rootKey = try await store.key(names.root)
            body = newest.signed
            if body.isExpired(at: signer.time) { need = "the present one expired at \(body.expires)" }
            for (role, key) in wanted where !body.lists(key, for: role) {
                need = "the present one does not list this server's key for the role '\(role)'"
                body.roles[role] = RoleKeys(keyIDs: [key.keyID])
            }
        } else {
            let key = try await store.keyOrNew(names.root)
            rootKey = key
            need = "there is none yet"
            body = Root(version: 0, expires: signer.time)
            body.keys[key.keyID] = key.key
            body.roles[RoleName.root] = RoleKeys(keyIDs: [key.keyID])
            for (role, key) in wanted { body.roles[role] = RoleKeys(keyIDs: [key.keyID]) }
        }
        if need != nil || signer.time >= life.due(body.expires) {
            body.version += 1
            body.expires = signer.time.adding(seconds: life.seconds)
            for key in wanted.values { body.keys[key.keyID] = key.key }
            body.removeUnusedKeys()
            if let root = try await Self.signed(body, after: roots.newest?.signed, by: rootKey) {
                roots.append(root)
            } else if let need {
                throw Self.rootNeeded(names, kind, need, isHere: rootKey != nil)
            }
        }
        self.roots = roots
        // A root that should be renewed, and whose key is kept elsewhere, is good until its end.
        let expires = roots.newest?.signed.expires ?? signer.time
        renewal = signer.time < life.due(expires) ? life.due(expires) : expires
    }

    /// - Returns: `nil` if the key is not here, or does not suffice.
    private static func signed(_ body: Root, after last: Root?, by key: SigningKey?) async throws -> Metadata<Root>? {
        guard let key else { return nil }
        var root = Metadata(body)
        try await root.sign(with: key)
        for judge in [last, body].compactMap({ $0 }) {
            guard let keys = judge.roles[RoleName.root],
                (try? root.verify(by: keys, keys: judge.keys, name: RoleName.root)) != nil
            else { return nil }
        }
        return root
    }

    private static func rootNeeded(
        _ names: RepositoryKeyNames, _ kind: TrustedRoot.Kind, _ need: String, isHere: Bool
    ) -> LivepatchError {
        LivepatchError(
            .trustUnavailable,
            "A new root of \(names.subject) is needed (\(need)), and the key '\(names.root.rawValue)' \(isHere ? "does not suffice to sign it" : "is not here").",
            suggestion:
                "Put the right key back into the data directory as 'keys/\(names.root.rawValue).key'; it can be taken away again as soon as the new root is signed. Where the root's keys are kept by several people: \(kind.ceremony)."
        )
    }
}

extension TrustedRoot.Kind {
    /// How a root is signed whose keys are kept elsewhere.
    var ceremony: String {
        "prepare it with `livepatch-admin trust root-init \(rawValue) FILE`, have the holders of its keys sign that with `livepatch-admin trust sign`, and bring it with `livepatch-admin trust publish`"
    }
}

extension Root {
    /// Whether the key alone may sign for a role.
    fileprivate func lists(_ key: SigningKey, for role: String) -> Bool {
        guard let listed = roles[role] else { return false }
        return listed.threshold == 1 && listed.keyIDs.contains(key.keyID) && keys[key.keyID] == key.key
    }
}
