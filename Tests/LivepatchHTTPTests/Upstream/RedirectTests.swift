import LivepatchAPI
import LivepatchHTTP
import LivepatchKit
import ScriptedServer
import Testing

@Suite struct `Following an upstream's redirects to content` {
    @Test(arguments: [301, 302, 303, 307, 308])
    func `another server gets neither the token nor the deployment's id`(_ status: Int) async throws {
        let bytes = content(1000)
        let other = try await ScriptedServer.start { .content(bytes, for: $0).header("ETag", "\"5f3-60d\"") }
        let location = "\(other.url)/mirror/file"
        try await withUpstream(script: { _ in .redirect(to: location, status: status) }) { upstream, server async throws in
            let stream = try await upstream.content(of: patchFile(bytes), from: 400)
            #expect(stream.offset == 400)
            #expect(try await stream.collect() == Array(bytes[400...]))
            #expect(server.requests.first?.header("Authorization") == "Bearer \(token)")
            let request = try #require(other.requests.first)
            #expect(request.target == "/mirror/file")
            #expect(request.header("Authorization") == nil)
            #expect(request.header(HeaderNames.deployment) == nil)
            #expect(request.header("Range") == "bytes=400-")
            #expect(request.header("If-Range") == nil)
            #expect(request.headers.allSatisfy { !$0.value.contains(token) })
        }
        await other.stop()
    }

    @Test func `a redirect within the upstream keeps the token and may be relative`() async throws {
        let bytes = content(10)
        let script: ScriptedServer.Script = { $0.path == "/files/a" ? .ok(bytes) : .redirect(to: "/files/a") }
        try await withUpstream(script: script) { upstream, server async throws in
            #expect(try await upstream.content(of: patchFile(bytes), from: 0).collect() == bytes)
            #expect(server.requests.last?.header("Authorization") == "Bearer \(token)")
        }
    }

    @Test func `three redirects are followed and not a fourth`() async throws {
        let bytes = content(10)
        let script: ScriptedServer.Script = { request in
            let step = Int(request.path.dropFirst(6)) ?? 0
            return request.header("Range") != nil || step < 3 ? .redirect(to: "/step/\(step + 1)") : .ok(bytes)
        }
        try await withUpstream(script: script) { upstream, server async throws in
            #expect(try await upstream.content(of: patchFile(bytes), from: 0).collect() == bytes)
            #expect(server.requests.count == 4)
            await expectError(.upstreamMalformed) { _ = try await upstream.content(of: patchFile(bytes), from: 1) }
            #expect(server.requests.count == 8)
        }
    }

    @Test(arguments: ["ftp://example.com/x", "file:///etc/passwd", "http://", "", "javascript:1"])
    func `only http and https are followed`(_ location: String) async throws {
        try await withUpstream(script: { _ in .redirect(to: location) }) { upstream, server async throws in
            await expectError(.upstreamMalformed) { _ = try await upstream.content(of: patchFile([1]), from: 0) }
            #expect(server.requests.count <= 4)
        }
    }

    @Test func `https never becomes http`() async throws {
        let plain = try await ScriptedServer.start { _ in .ok([1]) }
        let location = "\(plain.url)/x"
        let secure = try await ScriptedServer.start(tls: TestCertificate.server()) { _ in .redirect(to: location) }
        let upstream = try HTTPUpstream.to(
            secure.url, options: ConnectionOptions(authorities: TrustedAuthorities(TestCertificate.authority)))
        let error = await expectError(.upstreamMalformed) { _ = try await upstream.content(of: patchFile([1]), from: 0) }
        #expect(error?.message.contains("from https to http") == true)
        #expect(plain.requests.isEmpty)
        await upstream.close()
        await plain.stop()
        await secure.stop()
    }

    @Test func `the other server's refusal is not taken for the upstream's`() async throws {
        let other = try await ScriptedServer.start { _ in .status(401) }
        let location = "\(other.url)/x"
        try await withUpstream(script: { _ in .redirect(to: location) }) { upstream, _ async throws in
            let error = await expectError(.upstreamFailed) { _ = try await upstream.content(of: patchFile([1]), from: 0) }
            #expect(error?.message.contains(other.url) == true)
        }
        await other.stop()
    }
}
