/// The timestamp role: which snapshot is the latest (specification, section 4.6).
public struct Timestamp: RoleBody {
    public static let type = RoleName.timestamp

    public var specificationVersion = CommonFields.currentSpecification
    public var version: Int
    public var expires: MetadataTime
    /// `snapshot.json`.
    public var snapshot: MetadataFileEntry
    /// Other entries, which should not be there and mean nothing.
    private var others: NameTable<MetadataFileEntry>
    public var unrecognized = JSONObject()

    private static let file = "snapshot.json"

    public init(version: Int = 1, expires: MetadataTime, snapshot: MetadataFileEntry = MetadataFileEntry(version: 1)) {
        self.version = version
        self.expires = expires
        self.snapshot = snapshot
        others = NameTable()
    }

    public init(json: JSONObject) throws(TUFError) {
        var fields = FieldReader(json, "the timestamp")
        let common = try CommonFields(&fields, type: Self.type)
        specificationVersion = common.specificationVersion
        version = common.version
        expires = common.expires
        others = try MetadataFileEntry.table(try fields.object("meta"), "the timestamp")
        guard let snapshot = others[Self.file] else { throw TUFError(.malformed, "The timestamp does not name a snapshot.") }
        self.snapshot = snapshot
        others[Self.file] = nil
        unrecognized = fields.rest
    }

    public var json: JSONObject {
        var meta = others
        meta[Self.file] = snapshot
        return json(with: ["meta": MetadataFileEntry.json(meta)])
    }
}
