import TUF

extension FuzzTarget {
    /// Metadata that is read is written as the same document, whatever of it is known; and what is signed stays what it was.
    static let metadata = FuzzTarget("metadata") { bytes in
        if let root = try rewritten(bytes, as: Root.self) {
            for (name, role) in root.signed.roles.sorted { _ = try? root.verify(by: role, keys: root.signed.keys, name: name) }
        }
        _ = try rewritten(bytes, as: Timestamp.self)
        _ = try rewritten(bytes, as: Snapshot.self)
        if let targets = try rewritten(bytes, as: Targets.self), let delegations = targets.signed.delegations {
            for path in targets.signed.targets.names + ["a/b"] {
                for role in delegations.roles(for: path) {
                    try require(delegations.keys(of: role.name) != nil, "The role \(role.name) speaks for \(path), without keys.")
                }
            }
        }
    }

    private static func rewritten<Body: RoleBody>(_ bytes: [UInt8], as: Body.Type) throws -> Metadata<Body>? {
        guard let read = try? Metadata<Body>(bytes) else { return nil }
        let document = read.document
        try require(try JSONDocument.parse(document) == JSONDocument.parse(bytes), "The document is another one when written.")
        let again = try Metadata<Body>(document)
        try require(again.signed == read.signed, "What is signed is another when written.")
        try require(again.signatures == read.signatures, "The signatures are others when written.")
        try require(again.unrecognized == read.unrecognized, "What is not known is another when written.")
        try require(again.document == document, "The document is yet another when written twice.")
        let signed = try read.signedBytes()
        try require(try again.signedBytes() == signed, "The signed bytes are others when written.")
        try require(try Metadata(read.signed).signedBytes() == signed, "The signed bytes are not those that were understood.")
        return read
    }
}
