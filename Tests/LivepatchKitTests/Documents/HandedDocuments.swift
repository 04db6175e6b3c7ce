import LivepatchKit
import Synchronization

/// An upstream that hands out the documents that it was given, and remembers what it was asked.
final class HandedDocuments: UpstreamServer {
    private struct State {
        var head: UpstreamDocument?
        var documents: [DocumentName: [UInt8]] = [:]
        var asked: [DocumentName] = []
        var limits: [Int64] = []
    }

    private let state = Mutex(State())

    init(head: [UInt8] = [], tag: String? = "tag", documents: [DocumentName: [UInt8]] = [:]) {
        state.withLock {
            $0.head = UpstreamDocument(bytes: head, tag: tag)
            $0.documents = documents
        }
    }

    var asked: [DocumentName] { state.withLock { $0.asked } }
    var limits: [Int64] { state.withLock { $0.limits } }

    func address() async -> String { "handed" }

    func head(unless tag: String?) async throws -> UpstreamDocument? {
        state.withLock { state in tag != nil && state.head?.tag == tag ? nil : state.head }
    }

    func document(_ name: DocumentName, limit: Int64) async throws -> UpstreamDocument {
        let bytes = state.withLock { state in
            state.asked.append(name)
            state.limits.append(limit)
            return state.documents[name]
        }
        guard let bytes else { throw LivepatchError(.upstreamLacks, "There is no document '\(name)'.") }
        return UpstreamDocument(bytes: bytes, tag: nil)
    }

    func metadata(_ file: MetadataFile, limit: Int64) async throws -> [UInt8]? { nil }

    func content(of file: PatchFile, from offset: Int64) async throws -> ContentStream {
        throw LivepatchError(.upstreamLacks, "There is no content.")
    }
}
