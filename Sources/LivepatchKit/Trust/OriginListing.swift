import TUF

/// What an origin's metadata says of its patches: which documents they have, and whose signatures those need.
struct OriginListing: Sendable {
    let deployment: DeploymentID
    let timestamp: DocumentReference
    private let entries: NameTable<MetadataFileEntry>
    private let delegated: [PatchVersion: DelegatedRole]
    private let keys: NameTable<Key>

    init(_ deployment: DeploymentID, timestamp: DocumentReference, snapshot: Snapshot, targets: Targets) {
        self.deployment = deployment
        self.timestamp = timestamp
        entries = snapshot.roles
        keys = targets.delegations?.keys ?? [:]
        var delegated: [PatchVersion: DelegatedRole] = [:]
        for role in targets.delegatedRoles {
            if let version = MetadataRoles.version(of: role.name) { delegated[version] = role }
        }
        self.delegated = delegated
    }

    /// The patch, if exactly that document of it is listed.
    func patch(_ version: PatchVersion, _ document: DocumentReference) -> PublishedPatch? {
        guard let entry = entries[MetadataRoles.patch(version)], entry.lists(document), let role = delegated[version] else {
            return nil
        }
        var keys = NameTable<Key>()
        for id in role.keys.keyIDs { keys[id] = self.keys[id] }
        return PublishedPatch(version: version, origin: deployment, document: document, entry: entry, role: role, keys: keys)
    }

    /// Whether the patch's document needs that key's signature, and no other.
    func delegates(_ version: PatchVersion, to key: SigningKey) -> Bool {
        guard let role = delegated[version] else { return false }
        return role.keys == RoleKeys(keyIDs: [key.keyID]) && keys[key.keyID] == key.key
    }

    /// The version of a patch's metadata that was listed last, whether it still is delegated to or not; 0 for none.
    func lastVersion(_ version: PatchVersion) -> Int { entries[MetadataRoles.patch(version)]?.version ?? 0 }
}

/// A patch version whose document an origin has signed.
struct PublishedPatch: Sendable {
    let version: PatchVersion
    let origin: DeploymentID
    let document: DocumentReference
    /// As the origin's snapshot lists it.
    let entry: MetadataFileEntry
    /// As the origin delegates to it.
    let role: DelegatedRole
    /// Those that the role names.
    let keys: NameTable<Key>
}

extension OriginListing {
    /// Reads what is relayed of an origin.
    /// - Throws: ``LivepatchError`` with the code `trust-unavailable` if it is not there.
    init(_ deployment: DeploymentID, relayed: RelayedRepository, from cache: any DocumentCache) async throws {
        func read<Body: RoleBody>(_ role: String, _ version: Int?) async throws -> RoleDocument<Body> {
            let name = RepositoryFile.metadata(role, version: version).path
            guard let reference = relayed.files[name], let bytes = try await cache.fetchedDocument(reference.digest),
                let document = RoleDocument<Body>(role, reading: bytes)
            else {
                throw LivepatchError(
                    .trustUnavailable,
                    "The file '\(name)' of the origin repository of \(deployment), which this server relays, is not there.",
                    suggestion: "Run 'livepatch-admin sync trigger': a sync fetches it again.")
            }
            return document
        }
        let timestamp: RoleDocument<TUF.Timestamp> = try await read(RoleName.timestamp, nil)
        let snapshot: RoleDocument<Snapshot> = try await read(RoleName.snapshot, timestamp.body.snapshot.version)
        let targets: RoleDocument<Targets> = try await read(
            RoleName.targets, snapshot.body.roles[RoleName.targets]?.version)
        self.init(deployment, timestamp: timestamp.reference, snapshot: snapshot.body, targets: targets.body)
    }
}
