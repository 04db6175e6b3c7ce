import FoundationEssentials
import LivepatchKit
import Synchronization
import Testing

/// An upstream that answers everything with its name, or fails.
private final class NamedUpstream: UpstreamServer {
    let name: String
    let failure = Mutex<(any Error)?>(nil)
    let asked = Mutex(0)

    init(_ name: String, failing error: (any Error)? = nil) {
        self.name = name
        failure.withLock { $0 = error }
    }

    private func answer() throws -> UpstreamDocument {
        asked.withLock { $0 += 1 }
        if let error = failure.withLock({ $0 }) { throw error }
        return UpstreamDocument(bytes: Array(name.utf8), tag: name)
    }

    func address() async -> String { "http://\(name)" }

    func head(unless tag: String?) async throws -> UpstreamDocument? {
        let document = try answer()
        return document.tag == tag ? nil : document
    }

    func document(_ name: DocumentName, limit: Int64) async throws -> UpstreamDocument { try answer() }

    func metadata(_ file: MetadataFile, limit: Int64) async throws -> [UInt8]? { try answer().bytes }

    func content(of file: PatchFile, from offset: Int64) async throws -> ContentStream {
        _ = try answer()
        return ContentStream(offset: offset, chunks: AsyncThrowingStream { nil })
    }
}

private func error(_ code: LivepatchError.Code) -> LivepatchError { LivepatchError(code, "It is \(code).") }

private func text(_ document: UpstreamDocument?) -> String? { document.map { String(decoding: $0.bytes, as: UTF8.self) } }

@Suite struct `Several upstreams` {
    private let first = NamedUpstream("first")
    private let second = NamedUpstream("second")
    private let upstream: FailoverUpstream

    init() {
        upstream = FailoverUpstream([first, second])
    }

    @Test func `the first that answers serves`() async throws {
        #expect(await upstream.address() == "http://first")
        #expect(text(try await upstream.head(unless: nil)) == "first")
        #expect(text(try await upstream.document(.tiers, limit: 1)) == "first")
        #expect(await upstream.address() == "http://first")
        #expect(second.asked.withLock { $0 } == 0)
    }

    @Test func `an unchanged head is an answer`() async throws {
        #expect(try await upstream.head(unless: "first") == nil)
        #expect(await upstream.address() == "http://first")
        #expect(second.asked.withLock { $0 } == 0)
    }

    @Test(arguments: [
        LivepatchError.Code.upstreamUnreachable, .upstreamTimeout, .upstreamFailed, .upstreamRefusedToken, .upstreamMalformed,
        .upstreamLacks,
    ]) func `one that does not give the head is passed over, and asked first again the next time`(_ code: LivepatchError.Code)
        async throws
    {
        first.failure.withLock { $0 = error(code) }
        #expect(text(try await upstream.head(unless: nil)) == "second")
        #expect(await upstream.address() == "http://second")
        #expect(text(try await upstream.document(.tiers, limit: 1)) == "second")
        #expect(first.asked.withLock { $0 } == 1)
        first.failure.withLock { $0 = nil }
        #expect(text(try await upstream.head(unless: nil)) == "first")
        #expect(await upstream.address() == "http://first")
    }

    @Test func `one that goes away in mid-sync is replaced, and stays replaced`() async throws {
        _ = try await upstream.head(unless: nil)
        first.failure.withLock { $0 = error(.upstreamUnreachable) }
        #expect(text(try await upstream.document(.tiers, limit: 1)) == "second")
        first.failure.withLock { $0 = nil }
        #expect(text(try await upstream.document(.tiers, limit: 1)) == "second")
        second.failure.withLock { $0 = UpstreamBusy(retryAfter: .seconds(1), error: error(.upstreamFailed)) }
        #expect(text(try await upstream.document(.tiers, limit: 1)) == "first")
    }

    @Test(arguments: [LivepatchError.Code.upstreamLacks, .upstreamRefusedToken, .upstreamMalformed])
    func `what it says about a document is its answer`(_ code: LivepatchError.Code) async throws {
        _ = try await upstream.head(unless: nil)
        first.failure.withLock { $0 = error(code) }
        let thrown = await #expect(throws: LivepatchError.self) { _ = try await upstream.document(.tiers, limit: 1) }
        #expect(thrown?.code == code)
        #expect(second.asked.withLock { $0 } == 0)
    }

    @Test func `if all fail, the error that tells most leads, and all are told`() async throws {
        first.failure.withLock { $0 = error(.upstreamUnreachable) }
        second.failure.withLock { $0 = error(.upstreamRefusedToken) }
        let thrown = await #expect(throws: LivepatchError.self) { _ = try await upstream.head(unless: nil) }
        #expect(thrown?.code == .upstreamRefusedToken)
        #expect(thrown?.message.contains("http://first") == true && thrown?.message.contains("http://second") == true)
    }

    @Test func `if all are busy, so is the list, for the shortest wait`() async throws {
        first.failure.withLock { $0 = UpstreamBusy(retryAfter: .seconds(9), error: error(.upstreamFailed)) }
        second.failure.withLock { $0 = UpstreamBusy(retryAfter: .seconds(5), error: error(.upstreamFailed)) }
        let busy = await #expect(throws: UpstreamBusy.self) { _ = try await upstream.head(unless: nil) }
        #expect(busy?.retryAfter == .seconds(5))
        second.failure.withLock { $0 = error(.upstreamTimeout) }
        await #expect(throws: LivepatchError.self) { _ = try await upstream.head(unless: nil) }
    }

    @Test func `a cancelled question goes to nobody else`() async throws {
        first.failure.withLock { $0 = error(.cancelled) }
        let thrown = await #expect(throws: LivepatchError.self) { _ = try await upstream.head(unless: nil) }
        #expect(thrown?.code == .cancelled)
        #expect(second.asked.withLock { $0 } == 0)
    }

    @Test func `no upstream at all is a matter of configuration`() async throws {
        let thrown = await #expect(throws: LivepatchError.self) { _ = try await FailoverUpstream([]).head(unless: nil) }
        #expect(thrown?.code == .syncNotConfigured)
    }
}
