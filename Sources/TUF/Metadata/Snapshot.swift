/// The snapshot role: which versions of all targets metadata belong together (specification, section 4.4).
public struct Snapshot: RoleBody {
    public static let type = RoleName.snapshot

    public var specificationVersion = CommonFields.currentSpecification
    public var version: Int
    public var expires: MetadataTime
    /// By role name, which in the document is followed by `.json`.
    public var roles: NameTable<MetadataFileEntry>
    /// Entries whose names do not end in `.json`.
    private var others: NameTable<MetadataFileEntry>
    public var unrecognized = JSONObject()

    private static let suffix = ".json"

    public init(version: Int = 1, expires: MetadataTime) {
        self.version = version
        self.expires = expires
        roles = [RoleName.targets: MetadataFileEntry(version: 1)]
        others = NameTable()
    }

    public init(json: JSONObject) throws(TUFError) {
        var fields = FieldReader(json, "the snapshot")
        let common = try CommonFields(&fields, type: Self.type)
        specificationVersion = common.specificationVersion
        version = common.version
        expires = common.expires
        roles = NameTable()
        others = NameTable()
        for (file, entry) in try MetadataFileEntry.table(try fields.object("meta"), "the snapshot").sorted {
            if file.utf8.suffix(Self.suffix.utf8.count).elementsEqual(Self.suffix.utf8) {
                roles[String(decoding: file.utf8.dropLast(Self.suffix.utf8.count), as: UTF8.self)] = entry
            } else {
                others[file] = entry
            }
        }
        unrecognized = fields.rest
    }

    public var json: JSONObject {
        var meta = others
        for (role, entry) in roles.sorted { meta[role + Self.suffix] = entry }
        return json(with: ["meta": MetadataFileEntry.json(meta)])
    }

    /// What must not vanish or go back from one snapshot to the next.
    var listed: [(name: String, value: MetadataFileEntry)] { roles.sorted + others.sorted }

    func entry(_ name: String) -> MetadataFileEntry? { roles[name] ?? others[name] }
}
