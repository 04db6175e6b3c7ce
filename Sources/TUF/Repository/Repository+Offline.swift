extension Repository {
    /// The next root as it stands now, without signatures: for those who keep its keys elsewhere, to be signed with
    /// ``Metadata/sign(with:)`` and brought back with ``adopt(_:)``.
    public func nextRoot(at now: MetadataTime = .now()) -> Metadata<Root> {
        var body = root.signed
        body.version = (publishedRoot?.version ?? 0) + 1
        body.expires = now.adding(days: lifetimes.root)
        return Metadata(body)
    }

    /// Takes in a root that was signed elsewhere; the next ``publish(to:signing:at:)`` stores it as it is, and signs anew with
    /// the keys that it names.
    /// - Throws: ``TUFError`` with code ``TUFError/Code/versionMismatch`` or ``TUFError/Code/unsigned``.
    public mutating func adopt(_ next: Metadata<Root>) throws(TUFError) {
        let expected = (publishedRoot?.version ?? 0) + 1
        guard next.signed.version == expected else {
            throw TUFError(.versionMismatch, "The next root has version \(expected), not \(next.signed.version).")
        }
        for delegator in rootDelegators(next.signed) {
            try next.verify(by: delegator.keys, keys: delegator.table, name: RoleName.root)
        }
        root = next
        changed.remove(ExactName(RoleName.root))
        adopted.insert(ExactName(RoleName.root))
        for role in [RoleName.targets, RoleName.snapshot, RoleName.timestamp]
        where publishedRoot?.roles[role]?.keyIDs != next.signed.roles[role]?.keyIDs { changed.insert(ExactName(role)) }
    }

    /// Takes in targets metadata that was signed elsewhere; the next ``publish(to:signing:at:)`` stores it as it is.
    /// - Throws: ``TUFError`` with code ``TUFError/Code/rollback`` if its version is not higher than the present one,
    ///   ``TUFError/Code/unsigned``, or ``TUFError/Code/notPossible`` if nothing is delegated to the role.
    public mutating func adopt(_ next: Metadata<Targets>, as role: String) throws(TUFError) {
        let delegators = delegators(of: role)
        guard !delegators.isEmpty else { throw TUFError(.notPossible, "Nobody delegates to the role “\(role)”.") }
        for delegator in delegators { try next.verify(by: delegator.keys, keys: delegator.table, name: role) }
        let present = roles[role]?.signed.version ?? 0
        guard next.signed.version > present else {
            throw TUFError(.rollback, "The role “\(role)” is at version \(present) already, and this is \(next.signed.version).")
        }
        roles[role] = next
        changed.remove(ExactName(role))
        adopted.insert(ExactName(role))
    }
}
