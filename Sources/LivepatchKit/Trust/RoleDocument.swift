import TUF

/// A role's signed document: as it was published, or signed just now.
struct RoleDocument<Body: RoleBody>: Sendable {
    let role: String
    let metadata: Metadata<Body>
    let bytes: [UInt8]

    init(_ role: String, _ metadata: Metadata<Body>) {
        self.role = role
        self.metadata = metadata
        bytes = metadata.document
    }

    /// - Returns: `nil` if the bytes are no metadata of that kind.
    init?(_ role: String, reading bytes: [UInt8]) {
        guard let metadata = try? Metadata<Body>(bytes) else { return nil }
        self.role = role
        self.metadata = metadata
        self.bytes = bytes
    }

    var body: Body { metadata.signed }
    var version: Int { body.version }
    /// The file's name; a timestamp's has no version.
    var name: String {
        RepositoryFile.metadata(role, version: Body.self == TUF.Timestamp.self ? nil : version).path
    }
    /// What a snapshot or a timestamp says of it.
    var entry: MetadataFileEntry { MetadataFileEntry(version: version, length: bytes.count, hashes: FileHashes(of: bytes)) }
    var reference: DocumentReference { DocumentReference(of: bytes) }

    /// Whether the key has signed it.
    func isSigned(by key: SigningKey) -> Bool {
        let keys = RoleKeys(keyIDs: [key.keyID])
        return (try? metadata.verify(by: keys, keys: [key.keyID: key.key], name: role)) != nil
    }
}

extension MetadataFileEntry {
    /// Whether it names exactly that document.
    func lists(_ reference: DocumentReference) -> Bool {
        length == Int(reference.length) && hashes?.digests["sha256"] == reference.digest.description
    }
}

/// A file's name with a version: `1763800000.patch-107.1.json`.
struct VersionedName: Hashable, Sendable {
    let version: Int
    /// `patch-107.1.json`
    let file: String

    init?(_ name: String) {
        guard let point = name.firstIndex(of: "."), let version = Int(name[..<point]), version > 0,
            "\(version)" == name[..<point]
        else { return nil }
        self.version = version
        file = String(name[name.index(after: point)...])
    }

    /// The patch version whose files it lists, if it does that.
    var patch: PatchVersion? {
        file.hasSuffix(Self.suffix) ? MetadataRoles.version(of: String(file.dropLast(Self.suffix.count))) : nil
    }

    /// What follows a role's name.
    static let suffix = ".json"
}
