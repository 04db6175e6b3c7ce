/// A signed document: a role's body and the signatures over it (specification, section 4.2).
public struct Metadata<Body: RoleBody>: Sendable {
    /// Changing it leaves the signatures as they are; sign again.
    public var signed: Body { didSet { received = nil } }
    /// At most one of each key.
    public private(set) var signatures: [Signature]
    /// Members beside `signed` and `signatures`; nobody signs them.
    public var unrecognized = JSONObject()
    /// The canonical form of what was read, whatever of it this library knows.
    private var received: [UInt8]?

    public init(_ signed: Body, signatures: [Signature] = []) {
        self.signed = signed
        self.signatures = signatures
    }

    /// Reads a document. Signatures are not checked.
    /// - Throws: ``TUFError`` with code ``TUFError/Code/malformed`` or ``TUFError/Code/unsupported``.
    public init(_ document: [UInt8]) throws(TUFError) {
        var fields = try FieldReader(try JSONDocument.parse(document), "the metadata")
        let signed = try fields.object("signed")
        let received = try CanonicalJSON.encode(.object(signed))
        signatures = []
        for value in try fields.array("signatures") { signatures.append(try Signature(value)) }
        guard Set(signatures.map { ExactName($0.keyID) }).count == signatures.count else {
            throw TUFError(.malformed, "The metadata has two signatures of the same key.")
        }
        self.signed = try Body(json: signed)
        unrecognized = fields.rest
        self.received = received
    }

    /// The bytes that are signed.
    /// - Throws: ``TUFError`` with code ``TUFError/Code/malformed`` if an unknown member holds a number that is not whole.
    public func signedBytes() throws(TUFError) -> [UInt8] {
        if let received { return received }
        return try CanonicalJSON.encode(.object(signed.json))
    }

    /// The document as it is stored and sent.
    public var document: [UInt8] {
        let own: JSONObject = ["signed": .object(signed.json), "signatures": .array(signatures.map { .object($0.json) })]
        return JSONDocument.write(.object(own.adding(unrecognized)))
    }

    /// Adds a signature, in place of an earlier one by the same key.
    /// - Throws: what the signer throws; ``TUFError`` as ``signedBytes()``.
    public mutating func sign(with signer: any MetadataSigner) async throws {
        let bytes = try await signer.sign(try signedBytes())
        add(Signature(keyID: signer.keyID, bytes: bytes))
    }

    /// Adds a signature that was made elsewhere, in place of an earlier one by the same key.
    public mutating func add(_ signature: Signature) {
        signatures.removeAll { $0.keyID.isExactly(signature.keyID) }
        signatures.append(signature)
    }

    public mutating func removeSignatures() { signatures = [] }

    /// Checks that a threshold of a role's keys have signed.
    /// - Throws: ``TUFError`` with code ``TUFError/Code/unsigned``.
    public func verify(by role: RoleKeys, keys: NameTable<Key>, name: String) throws(TUFError) {
        let valid = try signers(among: role, keys: keys)
        guard valid >= role.threshold else {
            throw TUFError(
                .unsigned,
                "The metadata of the role “\(name)” needs the signatures of \(role.threshold) of its keys, and has \(valid).")
        }
    }

    /// How many different keys of a role have signed. Two ids of the same key count once.
    /// - Throws: ``TUFError`` as ``signedBytes()``.
    public func signers(among role: RoleKeys, keys: NameTable<Key>) throws(TUFError) -> Int {
        let bytes = try signedBytes()
        var valid: Set<VerifyingKey.Identity> = []
        for signature in signatures where role.keyIDs.contains(where: { $0.isExactly(signature.keyID) }) {
            guard let key = keys[signature.keyID], let verifying = VerifyingKey(key), let signed = signature.bytes,
                verifying.isValid(signed, for: bytes)
            else { continue }
            valid.insert(verifying.identity)
        }
        return valid.count
    }
}
