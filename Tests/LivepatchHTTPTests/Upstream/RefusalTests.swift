import FoundationEssentials
import LivepatchHTTP
import LivepatchKit
import ScriptedServer
import Testing

@Suite struct `What an upstream's refusals become` {
    @Test func `401 lists the reasons and says where to look`() async throws {
        let script: ScriptedServer.Script = { _ in
            try .problem(LivepatchError(.tokenRefused, "The sync token is not accepted."))
        }
        try await withUpstream(script: script) { upstream, server async throws in
            let error = await expectError(.upstreamRefusedToken) { _ = try await upstream.head(unless: nil) }
            for word in ["expired", "revoked", "mistyped", server.url, "The sync token is not accepted."] {
                #expect(error?.message.contains(word) == true)
            }
            #expect(error?.suggestion?.contains("livepatch-admin sync-tokens list") == true)
            #expect("\(error as Any)".contains(token) == false)
        }
    }

    @Test func `404 means that the upstream lacks it or does not show it`() async throws {
        try await withUpstream(script: { _ in .status(404) }) { upstream, _ async throws in
            let error = await expectError(.upstreamLacks) { _ = try await upstream.content(of: patchFile(content(9)), from: 0) }
            #expect(error?.message.contains("livepatch-5.15.0-107.117-generic-107.1-amd64.tar.bz2") == true)
        }
    }

    @Test(arguments: [
        (429, [("Retry-After", "7")], Duration.seconds(7)), (503, [("Retry-After", "0")], .zero), (503, [], nil),
        (503, [("Retry-After", "soon")], nil), (503, [("Retry-After", "999999999")], .seconds(86_400)),
        (503, [("Date", "Sun, 06 Nov 1994 08:49:37 GMT"), ("Retry-After", "Sun, 06 Nov 1994 08:50:37 GMT")], .seconds(60)),
        (503, [("Date", "Sun, 06 Nov 1994 08:49:37 GMT"), ("Retry-After", "Sun, 06 Nov 1994 08:40:00 GMT")], .zero),
    ]) func `a busy upstream's wish is passed on`(_ status: Int, _ headers: [(String, String)], _ wait: Duration?) async throws {
        try await withUpstream(script: { _ in .status(status, headers: headers) }) { upstream, _ async throws in
            let busy = await #expect(throws: UpstreamBusy.self) { _ = try await upstream.head(unless: nil) }
            #expect(busy?.retryAfter == wait)
            #expect(busy?.error.code == .upstreamFailed)
        }
    }

    @Test(arguments: [500, 502, 507, 403, 418]) func `other errors are failures that quote the server`(_ status: Int) async throws
    {
        let script: ScriptedServer.Script = { _ in
            try .problem(LivepatchError(.storageFull, "The disk of the origin is full."), status: status)
        }
        try await withUpstream(script: script) { upstream, _ async throws in
            let error = await expectError(.upstreamFailed) { _ = try await upstream.document(.tiers, limit: 100) }
            #expect(error?.message.contains("\(status)") == true)
            #expect(error?.message.contains("The disk of the origin is full.") == true)
        }
    }

    @Test func `an error's endless or stalled body keeps nobody waiting`() async throws {
        let problem = try ScriptedAnswer.problem(LivepatchError(.internalFault, "x"))
        let script: ScriptedServer.Script = { request in
            request.path.hasSuffix("head")
                ? ScriptedAnswer(
                    status: 500, headers: [("Content-Type", "application/problem+json"), ("Transfer-Encoding", "chunked")],
                    steps: [.repeating([UInt8](repeating: 32, count: 65536), times: 1 << 20)])
                : problem.stalled(after: 3)
        }
        try await withUpstream(options: .impatient, script: script) { upstream, _ async throws in
            await expectError(.upstreamFailed) { _ = try await upstream.head(unless: nil) }
            await expectError(.upstreamFailed) { _ = try await upstream.document(.tiers, limit: 100) }
        }
    }

    @Test func `nobody listening is unreachable, and told at once`() async throws {
        let server = try await ScriptedServer.start { _ in .ok([]) }
        await server.stop()
        let upstream = try HTTPUpstream.to(server.url)
        let start = ContinuousClock.now
        let error = await expectError(.upstreamUnreachable) { _ = try await upstream.head(unless: nil) }
        #expect(error?.message.hasSuffix("but it cannot be reached: Connection refused.") == true)
        #expect(ContinuousClock.now - start < .seconds(5))
        await upstream.close()
    }

    @Test func `a name that does not exist is unreachable`() async throws {
        let upstream = try HTTPUpstream.to("http://nowhere.invalid")
        let error = await expectError(.upstreamUnreachable) { _ = try await upstream.head(unless: nil) }
        #expect(error?.message.contains("nowhere.invalid") == true)
        await upstream.close()
    }

    @Test func `a connection that ends without an answer is unreachable, one that is not HTTP malformed`() async throws {
        let script: ScriptedServer.Script = {
            $0.path.hasSuffix("head") ? .silence : .garbage(Array("SSH-2.0-OpenSSH_9.2\r\n".utf8))
        }
        try await withUpstream(options: .impatient, script: script) { upstream, _ async throws in
            await expectError(.upstreamUnreachable) { _ = try await upstream.head(unless: nil) }
            await expectError(.upstreamMalformed) { _ = try await upstream.document(.tiers, limit: 100) }
        }
    }

    @Test func `an answer that does not begin ends with a time-out`() async throws {
        let script: ScriptedServer.Script = { _ in
            var answer = ScriptedAnswer(status: 200, steps: [.stall])
            answer.rawHead = []
            return answer
        }
        let options = ConnectionOptions(
            timeouts: ConnectionTimeouts(connect: .seconds(1), idle: .milliseconds(500), total: .seconds(60)))
        try await withUpstream(options: options, script: script) { upstream, server async throws in
            await expectError(.upstreamTimeout) { _ = try await upstream.head(unless: nil) }
            try await eventually { server.connections.open == 0 }
        }
    }

    @Test func `after closing, every request is cancelled`() async throws {
        try await withUpstream(script: { _ in .ok([]) }) { upstream, _ async throws in
            await upstream.close()
            await expectError(.cancelled) { _ = try await upstream.head(unless: nil) }
        }
    }

    @Test func `a cancelled task's request is cancelled`() async throws {
        try await withUpstream(script: { _ in ScriptedAnswer.ok(content(10)).stalled(after: 5) }) {
            upstream, server async throws in
            let task = Task { try await upstream.head(unless: nil) }
            try await eventually { server.requests.count == 1 }
            task.cancel()
            await expectError(.cancelled) { _ = try await task.value }
            try await eventually { server.connections.open == 0 }
        }
    }

    @Test(arguments: ["", "two words", "line\r\nbreak", String(repeating: "x", count: 513)])
    func `a token that cannot be one is refused without being repeated`(_ token: String) async throws {
        let error = await expectError(.malformedValue) {
            _ = try HTTPUpstream(ServerAddress(parsing: "http://a"), token: token)
        }
        #expect(token.isEmpty || error?.message.contains(token) == false)
    }
}
