import HTTPTypes
import LivepatchAPI
import LivepatchKit
import LivepatchTesting
import Logging
import NIOCore
import Testing

@testable import HummingbirdTesting
@testable import LivepatchService

/// By which way a test's requests for patch files and documents, and its check-ins, are answered. Whoever asks must not be able to tell.
enum Wire: String, CaseIterable {
    /// The handlers, without a connection.
    case handlers
    /// The handlers, over a connection.
    case connection
    /// From memory, before the handlers (``HotAnswers``), over a connection.
    case hot

    static let connections: [Self] = [.connection, .hot]
}

extension ServerUnderTest {
    /// A cache, and what else it takes to answer before the handlers do. Requests are not logged then, for that is their
    /// business.
    func heated(_ limits: PatchCache.Limits = PatchCache.Limits()) -> ServerUnderTest {
        var server = self
        server.parts.cache = PatchCache(limits, metrics: metrics)
        server.parts.promptRevision = InMemoryCatalog(database)
        let publisher = RememberingPublisher(parts.publisher, revisions: parts.tiers.revisions, now: parts.now)
        server.parts.publisher = publisher
        server.parts.promptDocuments = publisher
        log.level.level = .info
        return server
    }

    /// Does something with a client of this server.
    func test(
        _ wire: Wire, _ body: @escaping @Sendable (any TestClientProtocol) async throws -> Void
    ) async throws {
        guard wire != .handlers else { return try await application.test(.router) { try await body($0) } }
        try await RawClient.serving(wire == .hot ? heated() : self) { port, hot in
            try await TestClient.withClient(host: "127.0.0.1", port: port) { try await body(HotClient(client: $0, hot: hot)) }
        }
    }
}

/// Asks for each patch file and each document until it is sent from memory, checks in until that changes nothing, and makes sure that the handlers' answer
/// is the same to the last letter.
struct HotClient: TestClientProtocol {
    let client: TestClient
    /// `nil` to ask for everything once.
    let hot: HotAnswers?

    var port: Int? { client.port }

    func executeRequest(
        uri: String, method: HTTPRequest.Method, headers: HTTPFields, body: ByteBuffer?
    ) async throws -> TestResponse {
        if let hot, method == .post, uri.hasPrefix("/v1/client/"), uri.hasSuffix("/updates") {
            return try await checkIn(uri, headers, body, hot)
        }
        guard let hot, method == .get || method == .head,
            uri.hasPrefix("/v1/patches/") || uri.hasPrefix("/v1/sync/targets/")
                || (DocumentRequest(target: uri) != nil && method == .get)
        else { return try await once(uri, method, headers, body) }
        var plain = headers
        for name in [HTTPField.Name.range, .ifRange, .ifNoneMatch] { plain[name] = nil }
        for _ in 0..<2 { _ = try await once(uri, .get, plain) }
        let before = hot.count
        // What has a query is not for whoever has no time.
        let slow = try await once(uri + "?", method, headers)
        #expect(hot.count == before)
        let fast = try await once(uri, method, headers)
        #expect(hot.count == before + ([200, 206, 304].contains(fast.status.code) ? 1 : 0), "\(method) \(uri) \(headers)")
        #expect(fast.fingerprint == slow.fingerprint)
        #expect(fast.headers.contains(.date) && slow.headers.contains(.date))
        return fast
    }

    private func checkIn(_ uri: String, _ headers: HTTPFields, _ body: ByteBuffer?, _ hot: HotAnswers) async throws
        -> TestResponse
    {
        let first = try await once(uri, .post, headers, body)
        guard first.status == .ok else { return first }
        var before = hot.count
        var unusual = headers
        unusual[.te] = "trailers"
        let slow = try await once(uri, .post, unusual, body)
        #expect(hot.count == before)
        before = hot.count
        let fast = try await once(uri, .post, headers, body)
        // Why no patch fits a kernel is looked up.
        #expect(hot.count == before + (fast.text.contains("\"reason\":\"kernel-") ? 0 : 1), "\(fast.text)")
        let pause = /"nextCheckSeconds":\d+/
        #expect(fast.fingerprint.replacing(pause, with: "") == slow.fingerprint.replacing(pause, with: ""))
        return fast
    }

    private func once(
        _ uri: String, _ method: HTTPRequest.Method, _ headers: HTTPFields, _ body: ByteBuffer? = nil
    ) async throws -> TestResponse {
        var headers = headers
        headers[.connection] = "keep-alive"
        let response = try await client.execute(
            TestClient.Request(uri, method: method, authority: "localhost", headers: headers, body: body))
        return TestResponse(
            head: response.head, body: response.body ?? ByteBuffer(), trailerHeaders: response.trailerHeaders)
    }
}
