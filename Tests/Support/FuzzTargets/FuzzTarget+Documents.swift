import LivepatchKit

extension FuzzTarget {
    /// A document of the chain that is read is written so that it is read again, and is not another one then.
    static let documents = FuzzTarget("documents") { bytes in
        try checkWriting(of: Head.self, bytes)
        try checkWriting(of: TierListDocument.self, bytes)
        try checkWriting(of: TierDocument.self, bytes)
        try checkWriting(of: VersionDocument.self, bytes)
        try checkWriting(of: RevocationsDocument.self, bytes)
    }

    private static func checkWriting<Document: Codable>(of type: Document.Type, _ bytes: [UInt8]) throws {
        guard let document = try? DocumentCoding.decode(type, from: bytes) else { return }
        let written = try DocumentCoding.encode(document)
        let again = try DocumentCoding.encode(DocumentCoding.decode(type, from: written))
        try require(again == written, "A \(type) is another one when written twice.")
    }
}
