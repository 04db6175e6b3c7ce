/// Whose signatures a role needs, and how many of them (specification, section 4.3).
public struct RoleKeys: Sendable, Equatable {
    /// Each once.
    public var keyIDs: [String]
    /// From 1 on. It may be more than there are keys: then nothing satisfies it.
    public var threshold: Int
    public var unrecognized: JSONObject

    public init(keyIDs: [String], threshold: Int = 1) {
        self.keyIDs = keyIDs
        self.threshold = threshold
        unrecognized = JSONObject()
    }

    init(_ fields: inout FieldReader) throws(TUFError) {
        keyIDs = try fields.strings("keyids")
        guard Set(keyIDs.map { ExactName($0) }).count == keyIDs.count else {
            throw TUFError(.malformed, "\(fields.place) names a key twice.")
        }
        threshold = try fields.integer("threshold", in: 1...Int.max)
        unrecognized = JSONObject()
    }

    init(_ value: JSONValue, _ place: String) throws(TUFError) {
        var fields = try FieldReader(value, place)
        try self.init(&fields)
        unrecognized = fields.rest
    }

    var json: JSONObject {
        let own: JSONObject = ["keyids": .array(keyIDs.map { .string($0) }), "threshold": .integer(threshold)]
        return own.adding(unrecognized)
    }
}
