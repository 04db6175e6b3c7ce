/// Where the content of patch files is kept: content-addressed, written once, never changed.
///
/// Content appears under its digest only after all its bytes have arrived and been found to have that digest. Errors are
/// ``LivepatchError``s with the codes `storage-full`, `storage-unavailable`, `storage-damaged`, `digest-mismatch`, `length-mismatch`.
public protocol PatchStorage: Sendable {
    /// The length of held content in bytes; `nil` if there is none of that digest. Does not read the content.
    func length(of digest: SHA256Digest) async throws -> Int64?
    /// Which of some contents are held, each with its length. Does not read them.
    func held(of contents: [StoredContent]) async throws -> Set<StoredContent>
    /// Begins or resumes the arrival of content whose digest and length are known.
    func stage(_ digest: SHA256Digest, length: Int64) async throws -> any StagedContent
    /// Begins the arrival of content whose digest is not known yet.
    /// - Parameter limit: the most bytes that are taken.
    func stageUpload(limit: Int64) async throws -> any StagedUpload
    /// Opens held content for reading.
    /// - Throws: ``LivepatchError`` with the code `not-found`.
    func open(_ digest: SHA256Digest) async throws -> any StoredContentReader
    /// Everything that is held, in order of digest.
    func contents() async throws -> AsyncThrowingStream<StoredContent, any Error>
    /// Deletes content; nothing happens if there is none.
    func remove(_ digest: SHA256Digest) async throws
    /// Deletes what interrupted arrivals left behind, except for the given digests.
    /// - Returns: the bytes freed.
    @discardableResult func discardStaged(except digests: Set<SHA256Digest>) async throws -> Int64
    /// What interrupted arrivals left behind, in bytes.
    func stagedBytes() async throws -> Int64
    /// Makes durable all content that has been finished: after it returns, a power failure loses none of it.
    func synchronize() async throws
    /// How many more bytes can be stored; `nil` where nobody can say.
    func freeBytes() async throws -> Int64?
}

extension PatchStorage {
    public func held(of contents: [StoredContent]) async throws -> Set<StoredContent> {
        var held: Set<StoredContent> = []
        for content in contents where try await length(of: content.digest) == content.length { held.insert(content) }
        return held
    }
}

/// Held content: identity and size.
public struct StoredContent: Hashable, Sendable {
    public let digest: SHA256Digest
    public let length: Int64

    public init(digest: SHA256Digest, length: Int64) {
        self.digest = digest
        self.length = length
    }
}

/// Content on its way in, whose digest and length are known. Survives the process: ``PatchStorage/stage(_:length:)`` for the same
/// digest goes on where it was interrupted. Used by one task at a time.
public protocol StagedContent: Sendable {
    /// How many bytes have arrived.
    var arrived: Int64 { get async }
    /// Reads what has arrived, and what arrives from now on: reading beyond it gives fewer bytes. What is read has not been verified. It
    /// can be read until the reader is closed, also after ``finish()``; after ``restart()`` it is what arrives then.
    func open() async throws -> any StoredContentReader
    /// - Throws: ``LivepatchError`` with the code `length-mismatch` if there is more than announced, `storage-full`.
    func append(_ bytes: [UInt8]) async throws
    /// Begins again at 0.
    func restart() async throws
    /// Checks length and digest, and moves the content to its place. What does not fit is thrown away.
    /// - Throws: ``LivepatchError`` with the code `length-mismatch` or `digest-mismatch`.
    func finish() async throws
    /// Lets go of it; what has arrived stays for the next attempt.
    func close() async
    /// Throws away what has arrived.
    func discard() async
}

/// Content on its way in, whose digest becomes known at its end. Does not survive the process. Used by one task at a time.
public protocol StagedUpload: Sendable {
    /// - Throws: ``LivepatchError`` with the code `patch-too-large` beyond the limit, `storage-full`.
    func append(_ bytes: [UInt8]) async throws
    /// Ends the arrival: identity and size of what has arrived, which can be read now, but is not in its place yet.
    func seal() async throws -> StoredContent
    /// Reads what has been sealed.
    func open() async throws -> any StoredContentReader
    /// Moves it to its place.
    func keep() async throws
    /// Throws it away; nothing happens after ``keep()``.
    func discard() async
}

/// Random access to content.
public protocol StoredContentReader: Sendable {
    var length: Int64 { get }
    /// At most `count` bytes from `offset` on; fewer only at the end, none beyond it. Blocks while the medium is read.
    func read(at offset: Int64, count: Int) throws -> [UInt8]
    func close()
}
