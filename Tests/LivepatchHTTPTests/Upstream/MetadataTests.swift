import LivepatchAPI
import LivepatchHTTP
import LivepatchKit
import ScriptedServer
import Testing

@Suite struct `Asking an upstream for signed metadata` {
    private let timestamp: MetadataFile
    private let tier: MetadataFile

    init() throws {
        timestamp = MetadataFile("timestamp.json", of: .origin(try DeploymentID(parsing: "origin.example")))
        tier = MetadataFile("7.tier-edge%20.json", of: .view(try TierName(parsing: "edge")))
    }

    @Test func `each repository has its place, and a name stays as it is encoded`() async throws {
        try await withUpstream(script: { .ok(Array($0.target.utf8)) }) { upstream, server async throws in
            for (file, path) in [
                (timestamp, "/v1/sync/metadata/origins/origin.example/timestamp.json"),
                (tier, "/v1/sync/metadata/tiers/edge/7.tier-edge%20.json"),
            ] {
                let bytes = try #require(try await upstream.metadata(file, limit: 100))
                #expect(String(decoding: bytes, as: UTF8.self) == path)
            }
            let requests = server.requests
            #expect(requests.allSatisfy { $0.header("Authorization") == "Bearer \(token)" })
            #expect(requests.allSatisfy { $0.header(HeaderNames.deployment) == "site-1" })
        }
    }

    @Test func `what is not there is nil, and does not cost the connection`() async throws {
        try await withUpstream(script: { $0.target.hasSuffix("/timestamp.json") ? .status(404) : .ok([1]) }) {
            upstream, server async throws in
            for _ in 0..<3 {
                #expect(try await upstream.metadata(timestamp, limit: 100) == nil)
                #expect(try await upstream.metadata(tier, limit: 100) == [1])
            }
            #expect(server.connections.accepted == 1)
        }
    }

    @Test func `a file may have exactly the limit and not one byte more, announced or not`() async throws {
        let script: ScriptedServer.Script = { request in
            let answer = ScriptedAnswer.ok(content(request.target.hasSuffix("timestamp.json") ? 100 : 101))
            return request.header("If-None-Match") == nil && request.target.contains("/tiers/")
                ? answer.header("Transfer-Encoding", "chunked") : answer
        }
        try await withUpstream(script: script) { upstream, _ async throws in
            #expect(try await upstream.metadata(timestamp, limit: 100)?.count == 100)
            await expectError(.upstreamMalformed) { _ = try await upstream.metadata(timestamp, limit: 99) }
            await expectError(.upstreamMalformed) { _ = try await upstream.metadata(tier, limit: 100) }
        }
    }

    @Test func `redirects are refused, and nobody else gets the token`() async throws {
        let other = try await ScriptedServer.start { _ in .ok([1]) }
        let location = "\(other.url)/timestamp.json"
        try await withUpstream(script: { _ in .redirect(to: location) }) { upstream, _ async throws in
            let error = await expectError(.upstreamMalformed) { _ = try await upstream.metadata(timestamp, limit: 100) }
            #expect(error?.message.contains(other.url) == true)
        }
        #expect(other.requests.isEmpty)
        await other.stop()
    }

    @Test(arguments: [(401, LivepatchError.Code.upstreamRefusedToken), (500, .upstreamFailed)])
    func `any other status is an error that names the file`(_ status: Int, _ code: LivepatchError.Code) async throws {
        try await withUpstream(script: { _ in .status(status) }) { upstream, _ async throws in
            await expectError(code) { _ = try await upstream.metadata(timestamp, limit: 100) }
        }
    }
}
