import Synchronization

/// A bundle as a server to sync from: it shows what the server that created it showed at that moment.
public struct BundleUpstream: UpstreamServer {
    /// The most bytes of one chunk.
    private static let chunkSize = 256 << 10

    private let bundle: PatchBundle

    public init(_ bundle: PatchBundle) { self.bundle = bundle }

    public func address() async -> String { bundle.name }

    public func head(unless tag: String?) async throws -> UpstreamDocument? {
        let head = try document(BundleMember.head, limit: PatchBundle.Limit.document)
        return head.tag == tag ? nil : head
    }

    public func document(_ name: DocumentName, limit: Int64) async throws -> UpstreamDocument {
        try document(BundleMember.name(of: name), limit: limit)
    }

    public func metadata(_ file: MetadataFile, limit: Int64) async throws -> [UInt8]? {
        try bundle.document(BundleMember.name(of: file), limit: limit)
    }

    public func content(of file: PatchFile, from offset: Int64) async throws -> ContentStream {
        guard let content = bundle.content(file.digest), content.place == .included, content.length == file.length else {
            throw LivepatchError(
                .upstreamLacks, "The \(bundle.name) does not hold \(file.name).",
                suggestion: "The server that created it may not have had it; a later bundle may.")
        }
        let position = Mutex(offset)
        return ContentStream(
            offset: offset,
            chunks: AsyncThrowingStream { [bundle] in
                let chunk = try bundle.read(content, at: position.withLock { $0 }, count: Self.chunkSize)
                position.withLock { $0 += Int64(chunk.count) }
                return chunk.isEmpty ? nil : chunk
            })
    }

    private func document(_ name: String, limit: Int64) throws -> UpstreamDocument {
        guard let bytes = try bundle.document(name, limit: limit) else {
            throw LivepatchError(.upstreamLacks, "The \(bundle.name) does not have '\(name)'.")
        }
        return UpstreamDocument(bytes: bytes, tag: SHA256Digest(of: bytes).description)
    }
}
