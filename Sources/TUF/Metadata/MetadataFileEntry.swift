/// What a timestamp or a snapshot says of a metadata file (specification, section 4.4, METAFILES).
public struct MetadataFileEntry: Sendable, Equatable {
    public var version: Int
    /// In bytes, if it is said.
    public var length: Int?
    /// If they are said; then at least one.
    public var hashes: FileHashes?
    public var unrecognized = JSONObject()

    public init(version: Int, length: Int? = nil, hashes: FileHashes? = nil) {
        self.version = version
        self.length = length
        self.hashes = hashes
    }

    init(_ value: JSONValue, _ place: String) throws(TUFError) {
        var fields = try FieldReader(value, place)
        version = try fields.integer("version", in: 1...Int.max)
        length = try fields.optionalInteger("length", in: 0...Int.max)
        if let value = fields.optional("hashes") { hashes = try FileHashes(value, place) }
        unrecognized = fields.rest
    }

    var json: JSONObject {
        var own: JSONObject = ["version": .integer(version)]
        if let length { own["length"] = .integer(length) }
        if let hashes { own["hashes"] = hashes.json }
        return own.adding(unrecognized)
    }

    static func table(_ object: JSONObject, _ place: String) throws(TUFError) -> NameTable<Self> {
        var table = NameTable<Self>()
        for (name, value) in object.members { table[name] = try Self(value, "“\(name)” in \(place)") }
        return table
    }

    static func json(_ table: NameTable<Self>) -> JSONValue {
        .object(JSONObject(table.sorted.map { ($0.name, .object($0.value.json)) }))
    }

    /// - Throws: ``TUFError`` with code ``TUFError/Code/lengthMismatch`` or ``TUFError/Code/hashMismatch``.
    func check(_ bytes: [UInt8], of role: String) throws(TUFError) {
        if let length, length != bytes.count {
            throw TUFError(
                .lengthMismatch, "The metadata of the role “\(role)” should have \(length) bytes, and has \(bytes.count).")
        }
        try hashes?.check(bytes, of: "the metadata of the role “\(role)”")
    }
}
