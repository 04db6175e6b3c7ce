public import FoundationEssentials
import Synchronization

/// What a server showed a machine when an offer was last proven: enough to prove it once more while the server is away.
///
/// It is believed no more than the server itself would be: signatures, pinned roots, versions and expiry count as always, so that it
/// is worth something only until the metadata in it has expired.
public struct RecordedView: Hashable, Sendable, Codable {
    /// What the server offered.
    public let offer: CheckInAnswer.Offer
    /// When it was proven.
    public let time: Date
    fileprivate let shown: ShownDocuments

    init(_ offer: CheckInAnswer.Offer, at time: Date, shown: ShownDocuments) {
        self.offer = offer
        self.time = Timestamp.wholeSecond(time)
        self.shown = shown
    }
}

/// The documents that a server showed, each under what it was asked for.
struct ShownDocuments: Hashable, Sendable, Codable {
    fileprivate var head: Data?
    fileprivate var documents: [String: Data] = [:]
    fileprivate var metadata: [String: Data] = [:]
}

/// Hands on what a server shows, and remembers it.
final class RecordingServer: UpstreamServer {
    private let server: any UpstreamServer
    private let record = Mutex(ShownDocuments())

    init(_ server: any UpstreamServer) { self.server = server }

    var shown: ShownDocuments { record.withLock { $0 } }

    func address() async -> String { await server.address() }

    func head(unless tag: String?) async throws -> UpstreamDocument? {
        let head = try await server.head(unless: tag)
        if let head { record.withLock { $0.head = Data(head.bytes) } }
        return head
    }

    func document(_ name: DocumentName, limit: Int64) async throws -> UpstreamDocument {
        let document = try await server.document(name, limit: limit)
        record.withLock { $0.documents[name.description] = Data(document.bytes) }
        return document
    }

    func metadata(_ file: MetadataFile, limit: Int64) async throws -> [UInt8]? {
        let bytes = try await server.metadata(file, limit: limit)
        if let bytes { record.withLock { $0.metadata[file.description] = Data(bytes) } }
        return bytes
    }

    func content(of file: PatchFile, from offset: Int64) async throws -> ContentStream {
        try await server.content(of: file, from: offset)
    }
}

/// Shows what another server showed before, and nothing else.
struct RecordedServer: UpstreamServer {
    private let shown: ShownDocuments

    init(_ view: RecordedView) { shown = view.shown }

    func address() async -> String { "what the server showed before" }

    func head(unless tag: String?) async throws -> UpstreamDocument? {
        UpstreamDocument(bytes: Array(try known(shown.head, "the head", limit: .max)), tag: nil)
    }

    func document(_ name: DocumentName, limit: Int64) async throws -> UpstreamDocument {
        UpstreamDocument(bytes: Array(try known(shown.documents[name.description], "\(name)", limit: limit)), tag: nil)
    }

    func metadata(_ file: MetadataFile, limit: Int64) async throws -> [UInt8]? {
        guard let bytes = shown.metadata[file.description] else { return nil }
        return Array(try known(bytes, "\(file)", limit: limit))
    }

    func content(of file: PatchFile, from offset: Int64) async throws -> ContentStream {
        _ = try known(nil, "\(file.name)", limit: file.length)
        return ContentStream(offset: 0, chunks: AsyncThrowingStream { $0.finish() })
    }

    private func known(_ bytes: Data?, _ what: String, limit: Int64) throws -> Data {
        guard let bytes, Int64(bytes.count) <= limit else {
            throw LivepatchError(.upstreamLacks, "What the server showed before it went away lacks \(what).")
        }
        return bytes
    }
}
