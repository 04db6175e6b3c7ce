/// A targets role, top-level or delegated: files, and the roles that may speak for more files (specification, section 4.5).
public struct Targets: RoleBody {
    public static let type = RoleName.targets

    public var specificationVersion = CommonFields.currentSpecification
    public var version: Int
    public var expires: MetadataTime
    /// By target path.
    public var targets: NameTable<TargetDescription>
    public var delegations: Delegations?
    public var unrecognized = JSONObject()

    public init(version: Int = 1, expires: MetadataTime) {
        self.version = version
        self.expires = expires
        targets = NameTable()
        delegations = nil
    }

    public init(json: JSONObject) throws(TUFError) {
        var fields = FieldReader(json, "the targets metadata")
        let common = try CommonFields(&fields, type: Self.type)
        specificationVersion = common.specificationVersion
        version = common.version
        expires = common.expires
        targets = NameTable()
        for (path, value) in try fields.object("targets").members {
            targets[path] = try TargetDescription(value, "the target “\(path)”")
        }
        if let value = fields.optional("delegations") { delegations = try Delegations(value) }
        unrecognized = fields.rest
    }

    public var json: JSONObject {
        var own: JSONObject = [
            "targets": .object(JSONObject(targets.sorted.map { ($0.name, .object($0.value.json)) }))
        ]
        if let delegations { own["delegations"] = .object(delegations.json) }
        return json(with: own)
    }
}
