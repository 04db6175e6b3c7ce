import Crypto

/// A public key as metadata lists it (specification, section 4.2, KEY). Keys of types that this library does not know are kept,
/// and verify nothing.
public struct Key: Sendable, Equatable {
    /// `ed25519`, `ecdsa` (or `ecdsa-sha2-nistp256`), `rsa`.
    public let type: String
    /// `ed25519`, `ecdsa-sha2-nistp256`, `rsassa-pss-sha256`; the same with `384` and, for RSA, `512`; `rsa-pkcs1v15-sha256`.
    public let scheme: String
    /// `keyval`, with all its members.
    public let value: JSONObject
    public let unrecognized: JSONObject

    /// - Parameter publicKey: hexadecimal digits for Ed25519, PEM for the others.
    public init(type: String, scheme: String, publicKey: String, unrecognized: JSONObject = JSONObject()) {
        self.type = type
        self.scheme = scheme
        value = ["public": .string(publicKey)]
        self.unrecognized = unrecognized
    }

    init(_ json: JSONValue, _ place: String) throws(TUFError) {
        var fields = try FieldReader(json, place)
        type = try fields.string("keytype")
        scheme = try fields.string("scheme")
        value = try fields.object("keyval")
        unrecognized = fields.rest
    }

    var json: JSONObject {
        let own: JSONObject = ["keytype": .string(type), "scheme": .string(scheme), "keyval": .object(value)]
        return own.adding(unrecognized)
    }

    /// `keyval`'s `public`.
    public var publicKey: String? {
        guard case .string(let text)? = value["public"] else { return nil }
        return text
    }

    /// The SHA-256 of the canonical form, in hexadecimal digits: the id that this library gives a key. Ids in others' metadata
    /// are taken as they are, as other implementations do (TAP 12): they only say which key is meant.
    /// - Throws: ``TUFError`` with code ``TUFError/Code/malformed`` if an unknown member holds a number that is not whole.
    public func computedID() throws(TUFError) -> String {
        Hex.text(SHA256.hash(data: try CanonicalJSON.encode(.object(json))))
    }

    static func table(_ object: JSONObject, _ place: String) throws(TUFError) -> NameTable<Key> {
        var table = NameTable<Key>()
        for (id, value) in object.members { table[id] = try Key(value, "the key \(id) of \(place)") }
        return table
    }

    static func json(_ table: NameTable<Key>) -> JSONObject {
        JSONObject(table.sorted.map { ($0.name, .object($0.value.json)) })
    }
}
