import LivepatchKit
import Synchronization

/// Stands between a server and its upstream: passes everything on, remembers it, and changes what a test says.
final class ManInTheMiddle: UpstreamServer {
    private struct State {
        var head: UpstreamDocument?
        var documents: [DocumentName: UpstreamDocument] = [:]
        var metadata: [MetadataFile: [UInt8]] = [:]
        var isFrozen = false
        var changeHead: @Sendable (Head) throws -> Head = { $0 }
        var changeDocument: @Sendable (DocumentName, [UInt8]) throws -> [UInt8] = { $1 }
        var changeMetadata: @Sendable (MetadataFile, [UInt8]?) throws -> [UInt8]? = { $1 }
        var swap: @Sendable (PatchFile) -> PatchFile = { $0 }
    }

    private let upstream: any UpstreamServer
    private let state = Mutex(State())

    init(_ upstream: any UpstreamServer) { self.upstream = upstream }

    /// From now on it shows nothing but what it has seen.
    func freeze() { state.withLock { $0.isFrozen = true } }
    func thaw() { state.withLock { $0.isFrozen = false } }

    func changeHead(_ change: @escaping @Sendable (Head) throws -> Head) { state.withLock { $0.changeHead = change } }
    func changeDocument(_ change: @escaping @Sendable (DocumentName, [UInt8]) throws -> [UInt8]) {
        state.withLock { $0.changeDocument = change }
    }
    func changeMetadata(_ change: @escaping @Sendable (MetadataFile, [UInt8]?) throws -> [UInt8]?) {
        state.withLock { $0.changeMetadata = change }
    }
    /// Sends another file's content.
    func swap(_ swap: @escaping @Sendable (PatchFile) -> PatchFile) { state.withLock { $0.swap = swap } }

    func address() async -> String { "the middle" }

    func head(unless tag: String?) async throws -> UpstreamDocument? {
        let (isFrozen, known, change) = state.withLock { ($0.isFrozen, $0.head, $0.changeHead) }
        if isFrozen, let known { return known.tag == tag ? nil : known }
        guard let document = try await upstream.head(unless: nil) else { return nil }
        let bytes = try DocumentCoding.encode(try change(try DocumentCoding.decode(Head.self, from: document.bytes)))
        let changed = UpstreamDocument(bytes: bytes, tag: SHA256Digest(of: bytes).description)
        state.withLock { $0.head = changed }
        return changed.tag == tag ? nil : changed
    }

    func document(_ name: DocumentName, limit: Int64) async throws -> UpstreamDocument {
        let (isFrozen, known, change) = state.withLock { ($0.isFrozen, $0.documents[name], $0.changeDocument) }
        if isFrozen, let known { return known }
        let document = try await upstream.document(name, limit: limit)
        let changed = UpstreamDocument(bytes: try change(name, document.bytes), tag: document.tag)
        state.withLock { $0.documents[name] = changed }
        return changed
    }

    func metadata(_ file: MetadataFile, limit: Int64) async throws -> [UInt8]? {
        let (isFrozen, known, change) = state.withLock { ($0.isFrozen, $0.metadata[file], $0.changeMetadata) }
        if isFrozen { return known }
        let changed = try change(file, try await upstream.metadata(file, limit: limit))
        state.withLock { $0.metadata[file] = changed }
        return changed
    }

    func content(of file: PatchFile, from offset: Int64) async throws -> ContentStream {
        let swap = state.withLock { $0.swap }
        return try await upstream.content(of: swap(file), from: offset)
    }
}

extension Head {
    /// The same head with other metadata.
    func replacing(_ metadata: HeadMetadata?) -> Head {
        Head(route: route, tier: tier, filters: filters, revocations: revocations, tiers: tiers, metadata: metadata)
    }
}
