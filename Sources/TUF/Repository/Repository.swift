/// A repository's metadata, to be changed, signed and published (specification, section 6).
///
/// ```swift
/// var repository = Repository()
/// for role in RoleName.topLevel { try repository.setKeys([key.key], of: role) }
/// try repository.addTarget("tool.tar.gz", TargetDescription(of: content))
/// try await repository.publish(to: storage, signing: [key])
/// ```
/// Changes are collected until ``publish(to:signing:at:)``, which raises versions, sets expiries and signs. Versions only rise:
/// whatever is undone is undone by a newer document.
public struct Repository: Sendable {
    /// How long what is published is good.
    public var lifetimes: Lifetimes
    /// Whether the snapshot and the timestamp list lengths and hashes beside versions.
    public var listsHashes = true
    public internal(set) var root: Metadata<Root>
    public internal(set) var timestamp: Metadata<Timestamp>
    public internal(set) var snapshot: Metadata<Snapshot>
    /// The targets roles, the top-level one among them.
    public internal(set) var roles: NameTable<Metadata<Targets>>
    /// The root that clients know; its keys have to sign the next one.
    var publishedRoot: Root?
    /// What is to be signed anew.
    var changed: Set<ExactName>
    /// Roles whose document was signed elsewhere, and goes out as it is.
    var adopted: Set<ExactName> = []

    /// A new repository, without keys.
    public init(lifetimes: Lifetimes = Lifetimes(), consistentSnapshot: Bool = true) {
        self.lifetimes = lifetimes
        let unset = MetadataTime(secondsSince1970: 0)
        root = Metadata(Root(version: 0, expires: unset, consistentSnapshot: consistentSnapshot))
        timestamp = Metadata(Timestamp(version: 0, expires: unset))
        snapshot = Metadata(Snapshot(version: 0, expires: unset))
        roles = [RoleName.targets: Metadata(Targets(version: 0, expires: unset))]
        changed = Set(RoleName.topLevel.map { ExactName($0) })
    }

    /// Whether there is something to publish.
    public var hasChanges: Bool { !changed.isEmpty || !adopted.isEmpty }

    // MARK: Keys

    /// Gives a top-level role its keys, in place of those that it had.
    /// - Throws: ``TUFError`` with code ``TUFError/Code/notPossible`` if there is no such role, or the threshold is below 1 or more
    ///   than there are keys.
    public mutating func setKeys(_ keys: [Key], threshold: Int = 1, of role: String) throws(TUFError) {
        guard root.signed.roles.contains(role) else { throw TUFError(.notPossible, "“\(role)” is not a top-level role.") }
        var table = NameTable<Key>()
        for key in keys { table[try key.computedID()] = key }
        try Self.checkThreshold(threshold, of: table.count, role)
        for (id, key) in table.sorted { root.signed.keys[id] = key }
        root.signed.roles[role]?.keyIDs = table.names
        root.signed.roles[role]?.threshold = threshold
        let used = root.signed.roles.sorted.flatMap(\.value.keyIDs)
        for id in root.signed.keys.names where !used.contains(id) { root.signed.keys[id] = nil }
        change(RoleName.root)
        change(role)
    }

    /// Adds a key to a top-level role.
    /// - Throws: ``TUFError`` with code ``TUFError/Code/notPossible``.
    public mutating func addKey(_ key: Key, to role: String) throws(TUFError) {
        let present = try keys(of: role)
        try setKeys(present.keys + [key], threshold: present.threshold, of: role)
    }

    /// Takes a key away from a top-level role.
    /// - Parameter threshold: how many keys have to sign from now on; `nil` for as many as before.
    /// - Throws: ``TUFError`` with code ``TUFError/Code/notPossible``, also if too few keys would be left for the threshold.
    public mutating func removeKey(_ id: String, from role: String, threshold: Int? = nil) throws(TUFError) {
        let present = try keys(of: role)
        var left: [Key] = []
        for key in present.keys where try !key.computedID().isExactly(id) { left.append(key) }
        guard left.count < present.keys.count else { throw TUFError(.notPossible, "The role “\(role)” has no key \(id).") }
        try setKeys(left, threshold: threshold ?? present.threshold, of: role)
    }

    private func keys(of role: String) throws(TUFError) -> (keys: [Key], threshold: Int) {
        guard let present = root.signed.roles[role] else { throw TUFError(.notPossible, "“\(role)” is not a top-level role.") }
        return (present.keyIDs.compactMap { root.signed.keys[$0] }, present.threshold)
    }

    static func checkThreshold(_ threshold: Int, of count: Int, _ role: String) throws(TUFError) {
        guard threshold >= 1, threshold <= count else {
            throw TUFError(.notPossible, "A threshold of \(threshold) of \(count) keys cannot be reached for the role “\(role)”.")
        }
    }

    // MARK: Targets

    /// Adds a target to a role, in place of an earlier one of the same path.
    /// - Throws: ``TUFError`` with code ``TUFError/Code/notPossible`` if there is no such role.
    public mutating func addTarget(
        _ path: String, _ description: TargetDescription, to role: String = RoleName.targets
    ) throws(TUFError) {
        try edit(role) { $0.targets[path] = description }
    }

    /// - Throws: ``TUFError`` with code ``TUFError/Code/notPossible`` if there is no such role.
    public mutating func removeTarget(_ path: String, from role: String = RoleName.targets) throws(TUFError) {
        try edit(role) { $0.targets[path] = nil }
    }

    /// Changes a targets role. Its version and expiry are set when it is published.
    /// - Throws: ``TUFError`` with code ``TUFError/Code/notPossible`` if there is no such role.
    public mutating func edit(_ role: String, _ body: (inout Targets) -> Void) throws(TUFError) {
        guard roles.contains(role) else { throw TUFError(.notPossible, "There is no targets role “\(role)”.") }
        if var signed = roles[role]?.signed {
            body(&signed)
            roles[role]?.signed = signed
        }
        change(role)
    }

    // MARK: Freshness and versions

    /// Has a role signed anew, with a new expiry, though nothing else changed.
    /// - Throws: ``TUFError`` with code ``TUFError/Code/notPossible`` if there is no such role.
    public mutating func renew(_ role: String) throws(TUFError) {
        guard RoleName.topLevel.contains(where: { $0.isExactly(role) }) || roles.contains(role) else {
            throw TUFError(.notPossible, "There is no role “\(role)”.")
        }
        change(role)
    }

    /// Makes sure that the next document of a role has a version above one that clients may have seen, as after a backup was
    /// restored. Of the root, whose versions have no gaps, it is of no use.
    /// - Throws: ``TUFError`` with code ``TUFError/Code/notPossible`` if there is no such role, or it is the root.
    public mutating func continueAbove(_ version: Int, of role: String) throws(TUFError) {
        switch role {
        case RoleName.timestamp: timestamp.signed.version = max(timestamp.signed.version, version)
        case RoleName.snapshot: snapshot.signed.version = max(snapshot.signed.version, version)
        default:
            guard let present = roles[role]?.signed.version else {
                throw TUFError(.notPossible, "There is no targets role “\(role)”.")
            }
            roles[role]?.signed.version = max(present, version)
        }
        change(role)
    }

    mutating func change(_ role: String) {
        changed.insert(ExactName(role))
        adopted.remove(ExactName(role))
    }
}
