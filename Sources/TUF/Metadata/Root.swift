/// The root role: the keys of all top-level roles (specification, section 4.3).
public struct Root: RoleBody {
    public static let type = RoleName.root

    public var specificationVersion = CommonFields.currentSpecification
    public var version: Int
    public var expires: MetadataTime
    /// Whether metadata and targets are stored under names with version or hash (section 6.2); left out means they are not.
    public var consistentSnapshot: Bool?
    /// By key id.
    public var keys: NameTable<Key>
    /// By role name; at least the four top-level roles.
    public var roles: NameTable<RoleKeys>
    public var unrecognized = JSONObject()

    public init(version: Int = 1, expires: MetadataTime, consistentSnapshot: Bool = true) {
        self.version = version
        self.expires = expires
        self.consistentSnapshot = consistentSnapshot
        keys = NameTable()
        roles = NameTable()
        for role in RoleName.topLevel { roles[role] = RoleKeys(keyIDs: []) }
    }

    public init(json: JSONObject) throws(TUFError) {
        var fields = FieldReader(json, "the root metadata")
        let common = try CommonFields(&fields, type: Self.type)
        specificationVersion = common.specificationVersion
        version = common.version
        expires = common.expires
        consistentSnapshot = try fields.optionalBoolean("consistent_snapshot")
        keys = try Key.table(try fields.object("keys"), "the root metadata")
        roles = NameTable()
        for (name, value) in try fields.object("roles").members { roles[name] = try RoleKeys(value, "the root's role “\(name)”") }
        for role in RoleName.topLevel where !roles.contains(role) {
            throw TUFError(.malformed, "The root metadata does not say whose signatures the role “\(role)” needs.")
        }
        unrecognized = fields.rest
    }

    public var json: JSONObject {
        var own: JSONObject = ["keys": .object(Key.json(keys))]
        own["roles"] = .object(JSONObject(roles.sorted.map { ($0.name, .object($0.value.json)) }))
        if let consistentSnapshot { own["consistent_snapshot"] = .boolean(consistentSnapshot) }
        return json(with: own)
    }

    /// Whether files are asked for by version and hash.
    public var usesConsistentSnapshots: Bool { consistentSnapshot ?? false }
}
