/// One key's signature over a document (specification, section 4.2).
public struct Signature: Sendable, Equatable {
    public let keyID: String
    /// In hexadecimal digits; what is not, is no valid signature, and harms nobody.
    public let text: String
    public let unrecognized: JSONObject

    public init(keyID: String, bytes: [UInt8]) {
        self.keyID = keyID
        text = Hex.text(bytes)
        unrecognized = JSONObject()
    }

    init(_ value: JSONValue) throws(TUFError) {
        var fields = try FieldReader(value, "a signature")
        keyID = try fields.string("keyid")
        text = try fields.string("sig")
        unrecognized = fields.rest
    }

    var json: JSONObject {
        let own: JSONObject = ["keyid": .string(keyID), "sig": .string(text)]
        return own.adding(unrecognized)
    }

    /// `nil` if the text is not hexadecimal.
    public var bytes: [UInt8]? { Hex.bytes(text) }
}
