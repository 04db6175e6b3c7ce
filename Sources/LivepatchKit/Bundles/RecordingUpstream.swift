import Synchronization

/// Remembers every document that is read from an upstream, under the name that it has in a bundle.
final class RecordingUpstream: UpstreamServer {
    private let upstream: any UpstreamServer
    private let recorded = Mutex<[String: [UInt8]]>([:])

    init(_ upstream: any UpstreamServer) { self.upstream = upstream }

    /// What was read last of each document.
    var documents: [String: [UInt8]] { recorded.withLock { $0 } }

    func address() async -> String { await upstream.address() }

    func head(unless tag: String?) async throws -> UpstreamDocument? {
        let head = try await upstream.head(unless: tag)
        if let head { record(head.bytes, BundleMember.head) }
        return head
    }

    func document(_ name: DocumentName, limit: Int64) async throws -> UpstreamDocument {
        let document = try await upstream.document(name, limit: limit)
        record(document.bytes, BundleMember.name(of: name))
        return document
    }

    func metadata(_ file: MetadataFile, limit: Int64) async throws -> [UInt8]? {
        let bytes = try await upstream.metadata(file, limit: limit)
        if let bytes { record(bytes, BundleMember.name(of: file)) }
        return bytes
    }

    func content(of file: PatchFile, from offset: Int64) async throws -> ContentStream {
        try await upstream.content(of: file, from: offset)
    }

    private func record(_ bytes: [UInt8], _ name: String) { recorded.withLock { $0[name] = bytes } }
}
