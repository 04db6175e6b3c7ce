/// Whom a targets role trusts for some of its targets (specification, section 4.5, DELEGATIONS).
public struct Delegations: Sendable, Equatable {
    /// The roles, in one form or the other.
    public enum Roles: Sendable, Equatable {
        /// In the order in which they are believed.
        case listed([DelegatedRole])
        case succinct(SuccinctRoles)
    }

    /// By key id.
    public var keys: NameTable<Key>
    public var roles: Roles
    public var unrecognized = JSONObject()

    public init(keys: NameTable<Key> = [:], roles: Roles = .listed([])) {
        self.keys = keys
        self.roles = roles
    }

    init(_ value: JSONValue) throws(TUFError) {
        var fields = try FieldReader(value, "the delegations")
        keys = try Key.table(try fields.object("keys"), "the delegations")
        let succinct = fields.optional("succinct_roles")
        switch (succinct, fields.rest["roles"]) {
        case (let succinct?, nil): roles = .succinct(try SuccinctRoles(succinct))
        case (nil, _):
            var listed: [DelegatedRole] = []
            for value in try fields.array("roles") { listed.append(try DelegatedRole(value)) }
            guard Set(listed.map { ExactName($0.name) }).count == listed.count else {
                throw TUFError(.malformed, "The delegations name a role twice.")
            }
            roles = .listed(listed)
        default: throw TUFError(.malformed, "The delegations list both roles and succinct roles.")
        }
        unrecognized = fields.rest
    }

    var json: JSONObject {
        var own: JSONObject = ["keys": .object(Key.json(keys))]
        switch roles {
        case .listed(let listed): own["roles"] = .array(listed.map { .object($0.json) })
        case .succinct(let succinct): own["succinct_roles"] = .object(succinct.json)
        }
        return own.adding(unrecognized)
    }

    /// Whose signatures a delegated role needs.
    /// - Returns: `nil` if nothing is delegated to it.
    public func keys(of role: String) -> RoleKeys? {
        switch roles {
        case .listed(let listed): listed.first { $0.name.isExactly(role) }?.keys
        case .succinct(let succinct): succinct.contains(role) ? succinct.keys : nil
        }
    }

    /// The roles that may speak for a target, in the order in which they are believed.
    public func roles(for targetPath: String) -> [(name: String, isTerminating: Bool)] {
        switch roles {
        case .listed(let listed):
            listed.filter { $0.covers(targetPath) }.map { (name: $0.name, isTerminating: $0.terminating ?? false) }
        case .succinct(let succinct): [(name: succinct.role(for: targetPath), isTerminating: true)]
        }
    }
}
