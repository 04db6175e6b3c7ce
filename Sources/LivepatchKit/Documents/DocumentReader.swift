/// Reads a view's documents and vouches for them: what it returns is what the upstream published.
///
/// The sync asks it for values and never sees bytes, so that how documents are proven can change (a reader of signed metadata takes
/// the place of ``PlainDocumentReader``) without the sync noticing.
public protocol DocumentReader: Sendable {
    /// The head of the view.
    /// - Parameter tag: the tag of the head that the caller knows; ``HeadReading/unchanged`` if that is still the one.
    func head(unless tag: String?) async throws -> HeadReading
    func revocations(_ reference: DocumentReference) async throws -> RevocationsDocument
    func tiers(_ reference: DocumentReference) async throws -> TierListDocument
    func tier(_ name: TierName, _ reference: DocumentReference) async throws -> TierDocument
    func version(_ version: PatchVersion, _ reference: DocumentReference) async throws -> VersionDocument
    func coverage(_ reference: DocumentReference) async throws -> CoverageDocument
    /// What was asked of the upstream so far: documents fetched (not those at hand already) and their bytes.
    func cost() async -> DocumentCost
    /// What was found out beside the documents that were read since the head.
    func findings() async -> ReadingFindings
}

extension DocumentReader {
    /// Nothing, where nothing is proven.
    public func findings() async -> ReadingFindings { ReadingFindings() }
}

/// The answer to a question for the head.
public enum HeadReading: Hashable, Sendable {
    case unchanged
    case head(Head, tag: String)
}

/// What reading documents cost.
public struct DocumentCost: Hashable, Sendable, Codable {
    public var documents: Int
    /// In bytes, without HTTP headers.
    public var bytes: Int64

    public init(documents: Int = 0, bytes: Int64 = 0) {
        self.documents = documents
        self.bytes = bytes
    }
}
