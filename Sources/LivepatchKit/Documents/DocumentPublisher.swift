/// Makes the documents of each token's view, ready to be sent.
public protocol DocumentPublisher: Sendable {
    /// The head of the view of tokens for a tier. The tag changes exactly if the view does.
    /// - Throws: ``LivepatchError`` with the code `tier-unknown`.
    func head(for tier: TierName) async throws -> PublishedDocument
    /// A document of the view of tokens for a tier; `nil` if that view has none of that name, whether or not another has.
    func document(_ name: DocumentName, for tier: TierName) async throws -> PublishedDocument?
    /// A file of one of the signed repositories that the head of that view names; `nil` if there is none of that name, or it belongs
    /// to what that view does not show.
    func metadata(_ file: MetadataFile, for tier: TierName) async throws -> [UInt8]?
}

/// A document as it is sent.
public struct PublishedDocument: Hashable, Sendable {
    public let bytes: [UInt8]
    public let digest: SHA256Digest

    public init(bytes: [UInt8]) {
        self.bytes = bytes
        digest = SHA256Digest(of: bytes)
    }

    public init(bytes: [UInt8], digest: SHA256Digest) {
        self.bytes = bytes
        self.digest = digest
    }

    /// The strong entity tag, without quotes: the digest.
    public var tag: String { digest.description }

    public var reference: DocumentReference { DocumentReference(length: Int64(bytes.count), digest: digest) }
}
