extension Repository {
    /// How many succinct roles a repository makes documents for.
    public static let greatestNumberOfSuccinctRoles = 1 << 16

    /// Trusts another role for some targets, after those that were trusted before; a delegation to a role of the same name is
    /// replaced in its place. A role that is new gets an empty document.
    /// - Parameter keys: the role's keys; their ids and the threshold become those of the delegation.
    /// - Throws: ``TUFError`` with code ``TUFError/Code/notPossible`` if there is no such delegator, the name is one of the top-level
    ///   roles', the threshold cannot be reached, or the delegator delegates to succinct roles.
    public mutating func delegate(
        to role: String, keys: [Key], threshold: Int = 1, scope: DelegatedRole.Scope, terminating: Bool = false,
        from delegator: String = RoleName.targets
    ) throws(TUFError) {
        guard DelegatedRole.isAllowed(role) else {
            throw TUFError(.notPossible, "A delegated role must not be called “\(role)”.")
        }
        var delegations = try delegations(of: delegator)
        guard case .listed(var listed) = delegations.roles else {
            throw TUFError(.notPossible, "The role “\(delegator)” delegates to succinct roles, and cannot to others.")
        }
        let ids = try Self.add(keys, to: &delegations)
        try Self.checkThreshold(threshold, of: ids.count, role)
        let delegated = DelegatedRole(
            name: role, keys: RoleKeys(keyIDs: ids, threshold: threshold), scope: scope, terminating: terminating)
        if let place = listed.firstIndex(where: { $0.name.isExactly(role) }) {
            listed[place] = delegated
        } else {
            listed.append(delegated)
        }
        delegations.roles = .listed(listed)
        try set(delegations, of: delegator)
        make(role)
    }

    /// Shares all targets out among 2ⁿ roles by the hash of their paths (TAP 15). They all have the same keys.
    /// - Throws: ``TUFError`` with code ``TUFError/Code/notPossible`` as above, or if there would be more than
    ///   ``greatestNumberOfSuccinctRoles``.
    public mutating func delegateSuccinctly(
        bitLength: Int, namePrefix: String, keys: [Key], threshold: Int = 1, from delegator: String = RoleName.targets
    ) throws(TUFError) {
        var delegations = try delegations(of: delegator)
        if case .listed(let listed) = delegations.roles, !listed.isEmpty {
            throw TUFError(.notPossible, "The role “\(delegator)” delegates to other roles already.")
        }
        let ids = try Self.add(keys, to: &delegations)
        try Self.checkThreshold(threshold, of: ids.count, namePrefix)
        let succinct = try SuccinctRoles(
            keys: RoleKeys(keyIDs: ids, threshold: threshold), bitLength: bitLength, namePrefix: namePrefix)
        guard succinct.count <= Self.greatestNumberOfSuccinctRoles else {
            throw TUFError(.notPossible, "\(succinct.count) roles are too many to make documents for.")
        }
        delegations.roles = .succinct(succinct)
        try set(delegations, of: delegator)
        for number in 0..<succinct.count { make(succinct.name(of: number)) }
    }

    /// Trusts a role no longer. Its document stays listed in the snapshot, as it must (specification, section 5.5.5).
    /// - Throws: ``TUFError`` with code ``TUFError/Code/notPossible`` if nothing is delegated to it.
    public mutating func removeDelegation(to role: String, from delegator: String = RoleName.targets) throws(TUFError) {
        var delegations = try delegations(of: delegator)
        guard case .listed(var listed) = delegations.roles, let place = listed.firstIndex(where: { $0.name.isExactly(role) })
        else {
            throw TUFError(.notPossible, "The role “\(delegator)” does not delegate to “\(role)”.")
        }
        listed.remove(at: place)
        delegations.roles = .listed(listed)
        try set(delegations, of: delegator)
    }

    /// Those who delegate to a targets role: the keys and threshold that each of them asks for.
    func delegators(of role: String) -> [(keys: RoleKeys, table: NameTable<Key>)] {
        if role.isExactly(RoleName.targets) { return root.signed.roles[role].map { [($0, root.signed.keys)] } ?? [] }
        return roles.sorted.compactMap { delegator in
            guard let delegations = delegator.value.signed.delegations else { return nil }
            return delegations.keys(of: role).map { ($0, delegations.keys) }
        }
    }

    private func delegations(of delegator: String) throws(TUFError) -> Delegations {
        guard let metadata = roles[delegator] else { throw TUFError(.notPossible, "There is no targets role “\(delegator)”.") }
        return metadata.signed.delegations ?? Delegations()
    }

    private mutating func set(_ delegations: Delegations, of delegator: String) throws(TUFError) {
        var delegations = delegations
        let used =
            switch delegations.roles {
            case .listed(let listed): listed.flatMap(\.keys.keyIDs)
            case .succinct(let succinct): succinct.keys.keyIDs
            }
        for id in delegations.keys.names where !used.contains(id) { delegations.keys[id] = nil }
        try edit(delegator) { $0.delegations = delegations }
    }

    private static func add(_ keys: [Key], to delegations: inout Delegations) throws(TUFError) -> [String] {
        var ids: [String] = []
        for key in keys {
            let id = try key.computedID()
            delegations.keys[id] = key
            if !ids.contains(id) { ids.append(id) }
        }
        return ids
    }

    /// A role to which something was delegated has to be there, and to be signed by its keys.
    private mutating func make(_ role: String) {
        if !roles.contains(role) { roles[role] = Metadata(Targets(version: 0, expires: MetadataTime(secondsSince1970: 0))) }
        change(role)
    }
}
