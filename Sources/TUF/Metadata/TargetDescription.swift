/// What is known of a target file (specification, section 4.5, TARGETS).
public struct TargetDescription: Sendable, Equatable {
    /// In bytes.
    public var length: Int
    public var hashes: FileHashes
    /// Other members; `custom` is among them.
    public var unrecognized: JSONObject

    public init(length: Int, hashes: FileHashes, custom: JSONObject? = nil) {
        self.length = length
        self.hashes = hashes
        unrecognized = JSONObject()
        self.custom = custom
    }

    /// Describes a file of that content, with its SHA-256.
    public init(of content: [UInt8], custom: JSONObject? = nil) {
        self.init(length: content.count, hashes: FileHashes(of: content), custom: custom)
    }

    /// What the application says of the target; opaque to this library.
    public var custom: JSONObject? {
        get {
            guard case .object(let custom)? = unrecognized["custom"] else { return nil }
            return custom
        }
        set { unrecognized["custom"] = newValue.map { .object($0) } }
    }

    init(_ value: JSONValue, _ place: String) throws(TUFError) {
        var fields = try FieldReader(value, place)
        length = try fields.integer("length", in: 0...Int.max)
        hashes = try FileHashes(try fields.value("hashes"), place)
        unrecognized = fields.rest
    }

    var json: JSONObject {
        let own: JSONObject = ["length": .integer(length), "hashes": hashes.json]
        return own.adding(unrecognized)
    }
}
