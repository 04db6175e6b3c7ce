/// The server above: where a downstream gets documents and content from.
///
/// Implementations do not retry: the sync decides about that. Errors are ``LivepatchError``s with the codes `upstream-unreachable`,
/// `upstream-timeout`, `upstream-failed`, `upstream-refused-token`, `upstream-lacks`, `upstream-malformed`; where the server asked
/// for patience they are wrapped in ``UpstreamBusy``.
public protocol UpstreamServer: Sendable {
    /// The server that answered last, or would be asked first: its address without credentials, for reports and logs.
    func address() async -> String
    /// The bytes of the head of the token's view; `nil` if its tag still is the given one.
    func head(unless tag: String?) async throws -> UpstreamDocument?
    /// A document of the token's view. No more than `limit` bytes are read.
    func document(_ name: DocumentName, limit: Int64) async throws -> UpstreamDocument
    /// A file of one of the signed repositories that the token's view names; `nil` if there is none of that name, or the token does
    /// not open it. No more than `limit` bytes are read.
    func metadata(_ file: MetadataFile, limit: Int64) async throws -> [UInt8]?
    /// A patch file's content from a byte on. The answer may begin earlier, at 0, if the upstream does not resume.
    func content(of file: PatchFile, from offset: Int64) async throws -> ContentStream
}

/// A document as it arrived.
public struct UpstreamDocument: Hashable, Sendable {
    public let bytes: [UInt8]
    /// The entity tag, without quotes.
    public let tag: String?

    public init(bytes: [UInt8], tag: String?) {
        self.bytes = bytes
        self.tag = tag
    }
}

/// Content on its way.
public struct ContentStream: Sendable {
    /// The position of the first byte that arrives.
    public let offset: Int64
    public let chunks: AsyncThrowingStream<[UInt8], any Error>

    public init(offset: Int64, chunks: AsyncThrowingStream<[UInt8], any Error>) {
        self.offset = offset
        self.chunks = chunks
    }
}

/// The upstream asks to come back later (429 or 503).
public struct UpstreamBusy: Error, Sendable {
    /// How long to wait at least, if the upstream said so.
    public let retryAfter: Duration?
    public let error: LivepatchError

    public init(retryAfter: Duration?, error: LivepatchError) {
        self.retryAfter = retryAfter
        self.error = error
    }
}
