import LivepatchAPI
import LivepatchHTTP
import LivepatchKit
import ScriptedServer
import Testing

@Suite struct `Asking an upstream for documents` {
    @Test func `the head is asked for with token and deployment, and arrives with its tag`() async throws {
        let head = Array(#"{"format":1}"#.utf8)
        try await withUpstream(script: { .content(head, for: $0) }) { upstream, server async throws in
            let document = try await upstream.head(unless: nil)
            #expect(document == UpstreamDocument(bytes: head, tag: SHA256Digest(of: head).description))
            let request = try #require(server.requests.first)
            #expect(request.path == Paths.syncHead)
            #expect(request.header("Authorization") == "Bearer \(token)")
            #expect(request.header(HeaderNames.deployment) == "site-1")
            #expect(request.header("If-None-Match") == nil)
        }
    }

    @Test func `an unchanged head is nil and costs no body`() async throws {
        let head = content(100)
        try await withUpstream(script: { .content(head, for: $0) }) { upstream, server async throws in
            #expect(try await upstream.head(unless: SHA256Digest(of: head).description) == nil)
            #expect(try await upstream.head(unless: "another")?.bytes == head)
            #expect(server.requests.map { $0.header("If-None-Match") } == ["\"\(SHA256Digest(of: head))\"", "\"another\""])
        }
    }

    @Test func `an answer 304 that was not asked for is refused`() async throws {
        try await withUpstream(script: { _ in .status(304) }) { upstream, _ async throws in
            await expectError(.upstreamMalformed) { _ = try await upstream.head(unless: nil) }
            await expectError(.upstreamMalformed) { _ = try await upstream.document(.tiers, limit: 100) }
        }
    }

    @Test(arguments: [
        (DocumentName.revocations, "/v1/sync/revocations"), (.tiers, "/v1/sync/tiers"),
        (.tier(try! TierName(parsing: "edge")), "/v1/sync/tiers/edge"),
        (.version(PatchVersion(107, 1)), "/v1/sync/versions/107.1"),
    ]) func `each document has its path`(_ name: DocumentName, _ path: String) async throws {
        try await withUpstream(script: { .ok(Array($0.path.utf8)) }) { upstream, _ async throws in
            #expect(try await upstream.document(name, limit: 100).bytes == Array(path.utf8))
        }
    }

    @Test func `a base URL with a path keeps it`() async throws {
        let server = try await ScriptedServer.start { .ok(Array($0.path.utf8)) }
        let upstream = try HTTPUpstream.to("\(server.url)/livepatch/")
        #expect(try await upstream.document(.tiers, limit: 100).bytes == Array("/livepatch/v1/sync/tiers".utf8))
        #expect(await upstream.address() == "\(server.url)/livepatch")
        await upstream.close()
        await server.stop()
    }

    @Test func `a document may have exactly the limit and not one byte more, announced or not`() async throws {
        let script: ScriptedServer.Script = { request in
            let answer = ScriptedAnswer.ok(content(request.path.hasSuffix("tiers") ? 100 : 101))
            return request.path.contains("sync/revocations") ? answer.header("Transfer-Encoding", "chunked") : answer
        }
        try await withUpstream(script: script) { upstream, _ async throws in
            #expect(try await upstream.document(.tiers, limit: 100).bytes.count == 100)
            await expectError(.upstreamMalformed) { _ = try await upstream.document(.version(PatchVersion(1, 1)), limit: 100) }
            await expectError(.upstreamMalformed) { _ = try await upstream.document(.revocations, limit: 100) }
        }
    }

    @Test func `an endless document is cut off at the limit`() async throws {
        let script: ScriptedServer.Script = { _ in
            ScriptedAnswer(
                status: 200, headers: [("Transfer-Encoding", "chunked")],
                steps: [.repeating([UInt8](repeating: 7, count: 65536), times: 1 << 20)])
        }
        try await withUpstream(script: script) { upstream, server async throws in
            await expectError(.upstreamMalformed) { _ = try await upstream.document(.tiers, limit: 1 << 20) }
            try await eventually { server.connections.open == 0 }
            #expect(server.bytesSent < 1 << 30)
        }
    }

    @Test func `redirects of documents are not followed, and the error says where to`() async throws {
        try await withUpstream(script: { _ in .redirect(to: "https://user:secret@elsewhere.example.com/x?y=z") }) {
            upstream, server async throws in
            let error = await expectError(.upstreamMalformed) { _ = try await upstream.head(unless: nil) }
            #expect(error?.message.contains("https://elsewhere.example.com;") == true)
            #expect(error?.suggestion?.contains("patch-sync.upstream-url") == true)
            #expect(server.requests.count == 1)
        }
    }

    @Test func `requests share a connection`() async throws {
        try await withUpstream(script: { .content(content(5), for: $0) }) { upstream, server async throws in
            for _ in 0..<5 { _ = try await upstream.head(unless: nil) }
            #expect(server.connections.accepted == 1)
        }
    }
}
