/// What a server shows to tokens for a tier, as a server to read from: documents and metadata, without content.
struct PublishedView: UpstreamServer {
    let name: String
    let publisher: any DocumentPublisher
    let tier: TierName

    func address() async -> String { name }

    func head(unless tag: String?) async throws -> UpstreamDocument? {
        let head = try await publisher.head(for: tier)
        return head.tag == tag ? nil : UpstreamDocument(bytes: head.bytes, tag: head.tag)
    }

    func document(_ name: DocumentName, limit: Int64) async throws -> UpstreamDocument {
        guard let document = try await publisher.document(name, for: tier) else {
            // It was in the view a moment ago.
            throw LivepatchError(.upstreamMoving, "\(self.name) no longer shows the document '\(name)'.")
        }
        return UpstreamDocument(bytes: document.bytes, tag: document.tag)
    }

    func metadata(_ file: MetadataFile, limit: Int64) async throws -> [UInt8]? {
        try await publisher.metadata(file, for: tier)
    }

    func content(of file: PatchFile, from offset: Int64) async throws -> ContentStream {
        throw LivepatchError(.upstreamLacks, "\(name) shows documents only, and not \(file.name).")
    }
}
