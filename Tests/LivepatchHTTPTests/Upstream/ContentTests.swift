import LivepatchAPI
import LivepatchHTTP
import LivepatchKit
import ScriptedServer
import Synchronization
import Testing

@Suite struct `Fetching content` {
    @Test func `a file arrives whole`() async throws {
        let bytes = content(300_000)
        let file = try patchFile(bytes)
        try await withUpstream(script: { .content(bytes, for: $0) }) { upstream, server async throws in
            let stream = try await upstream.content(of: file, from: 0)
            #expect(stream.offset == 0)
            #expect(try await stream.collect() == bytes)
            let request = try #require(server.requests.first)
            #expect(request.path == Paths.patchFile(file.name))
            #expect(request.header("Range") == nil)
            #expect(request.header("Authorization") == "Bearer \(token)")
        }
    }

    @Test func `a file is resumed with its digest as the condition`() async throws {
        let bytes = content(1000)
        let file = try patchFile(bytes)
        try await withUpstream(script: { .content(bytes, for: $0) }) { upstream, server async throws in
            let stream = try await upstream.content(of: file, from: 400)
            #expect(stream.offset == 400)
            #expect(try await stream.collect() == Array(bytes[400...]))
            #expect(server.requests.first?.header("Range") == "bytes=400-")
            #expect(server.requests.first?.header("If-Range") == "\"\(file.digest)\"")
        }
    }

    @Test func `an upstream that does not resume begins at 0`() async throws {
        let bytes = content(1000)
        try await withUpstream(script: { _ in .ok(bytes) }) { upstream, _ async throws in
            let stream = try await upstream.content(of: patchFile(bytes), from: 400)
            #expect(stream.offset == 0)
            #expect(try await stream.collect() == bytes)
        }
    }

    @Test func `what has all arrived is not asked for, and what there cannot be neither`() async throws {
        let bytes = content(10)
        try await withUpstream(script: { .content(bytes, for: $0) }) { upstream, server async throws in
            let stream = try await upstream.content(of: patchFile(bytes), from: 10)
            #expect(stream.offset == 10)
            #expect(try await stream.collect() == [])
            await expectError(.lengthMismatch) { _ = try await upstream.content(of: patchFile(bytes), from: 11) }
            #expect(server.requests.isEmpty)
        }
    }

    static let lies: [(String, @Sendable (ScriptedAnswer) -> ScriptedAnswer)] = [
        ("a shorter length", { $0.claiming(length: 599) }),
        ("a longer length", { $0.claiming(length: 601) }),
        ("another first byte", { $0.header("Content-Range", "bytes 401-999/1000") }),
        ("another last byte", { $0.header("Content-Range", "bytes 400-998/1000") }),
        ("another complete length", { $0.header("Content-Range", "bytes 400-999/2000") }),
        ("a range that is none", { $0.header("Content-Range", "bytes 400-") }),
        ("no range", { $0.header("Content-Range", nil) }),
        ("another file's tag", { $0.header("ETag", "\"\(SHA256Digest(of: [1]))\"") }),
    ]

    @Test(arguments: lies.indices) func `a lie about a part is refused before its bytes are read`(_ index: Int) async throws {
        let bytes = content(1000)
        try await withUpstream(script: { Self.lies[index].1(.content(bytes, for: $0)) }) { upstream, _ async throws in
            await expectError(.upstreamMalformed) { _ = try await upstream.content(of: patchFile(bytes), from: 400) }
        }
    }

    @Test func `a wrong length or tag of the whole is refused before its bytes are read`() async throws {
        let bytes = content(1000)
        let number = Mutex(0)
        let script: ScriptedServer.Script = { _ in
            switch number.withLock({ number in (number, number += 1).0 }) {
            // Whatever is sent beyond the announced length spoils the connection: it is not for the next request.
            case 0: .ok(bytes).claiming(length: 999).header("Connection", "close")
            case 1: .ok(bytes).claiming(length: 1 << 40)
            default: .ok(bytes).header("ETag", "\"\(SHA256Digest(of: [1]))\"")
            }
        }
        try await withUpstream(script: script) { upstream, _ async throws in
            for _ in 0..<3 {
                await expectError(.upstreamMalformed) { _ = try await upstream.content(of: patchFile(bytes), from: 0) }
            }
        }
    }

    @Test func `a part without having asked for one, and 416, are refused`() async throws {
        let bytes = content(1000)
        let script: ScriptedServer.Script = { request in
            request.header("Range") == nil
                ? .status(206, bytes, headers: [("Content-Range", "bytes 0-999/1000")])
                : .status(416, headers: [("Content-Range", "bytes */1000")])
        }
        try await withUpstream(script: script) { upstream, _ async throws in
            await expectError(.upstreamMalformed) { _ = try await upstream.content(of: patchFile(bytes), from: 0) }
            await expectError(.upstreamMalformed) { _ = try await upstream.content(of: patchFile(bytes), from: 5) }
        }
    }

    @Test func `more bytes than due end the transfer at the file's length`() async throws {
        let bytes = content(1000)
        let script: ScriptedServer.Script = { _ in
            ScriptedAnswer(
                status: 200, headers: [("Transfer-Encoding", "chunked")],
                steps: [.bytes(bytes), .repeating([UInt8](repeating: 0, count: 65536), times: 1 << 20)])
        }
        try await withUpstream(script: script) { upstream, server async throws in
            let stream = try await upstream.content(of: patchFile(bytes), from: 0)
            await expectError(.upstreamMalformed) { _ = try await stream.collect() }
            #expect(server.bytesSent < 1 << 30)
        }
    }

    @Test func `fewer bytes than due are an error even if the answer ends in order`() async throws {
        let bytes = content(1000)
        let script: ScriptedServer.Script = { _ in
            ScriptedAnswer(status: 200, headers: [("Transfer-Encoding", "chunked")], steps: [.bytes(Array(bytes[..<999]))])
        }
        try await withUpstream(script: script) { upstream, _ async throws in
            let stream = try await upstream.content(of: patchFile(bytes), from: 0)
            let error = await expectError(.upstreamUnreachable) { _ = try await stream.collect() }
            #expect(error?.message.contains("999 of 1000") == true)
        }
    }

    @Test(arguments: [true, false])
    func `a connection that breaks in mid-file is reported after what came`(_ inOrder: Bool) async throws {
        let bytes = content(100_000)
        try await withUpstream(
            script: { _ in inOrder ? .ok(bytes).truncated(after: 50_000) : .ok(bytes).reset(after: 50_000) }
        ) { upstream, _ async throws in
            let stream = try await upstream.content(of: patchFile(bytes), from: 0)
            var arrived: [UInt8] = []
            await expectError(.upstreamUnreachable) { for try await chunk in stream.chunks { arrived += chunk } }
            // What the connection had read and not handed on when it broke is lost; never is anything added.
            #expect(arrived.count <= 50_000)
            #expect(arrived == Array(bytes.prefix(arrived.count)))
        }
    }

    @Test func `a stalled body ends with a time-out after the idle time`() async throws {
        let bytes = content(100_000)
        try await withUpstream(options: .impatient, script: { _ in .ok(bytes).stalled(after: 50_000) }) {
            upstream, server async throws in
            let stream = try await upstream.content(of: patchFile(bytes), from: 0)
            let start = ContinuousClock.now
            let error = await expectError(.upstreamTimeout) { _ = try await stream.collect() }
            #expect(error?.message.contains("of 100000 bytes") == true)
            #expect((.milliseconds(1_900) ... .seconds(59)).contains(ContinuousClock.now - start))
            try await eventually { server.connections.open == 0 }
        }
    }

    @Test func `a body that drips ends when the total time is over`() async throws {
        let bytes = content(1 << 20)
        let options = ConnectionOptions(
            timeouts: ConnectionTimeouts(connect: .seconds(5), idle: .seconds(20), total: .milliseconds(300)))
        try await withUpstream(options: options, script: { _ in .ok(bytes).stalled(after: 50_000) }) { upstream, _ async throws in
            let stream = try await upstream.content(of: patchFile(bytes), from: 0)
            let error = await expectError(.upstreamTimeout) { _ = try await stream.collect() }
            #expect(error?.message.contains("longer than 300ms") == true)
        }
    }

    @Test func `a slow reader holds the upstream back, and its pauses are not taken for the upstream's`() async throws {
        // More than the buffers of both systems can hold.
        let piece = content(65536)
        let pieces = 4096
        var whole = ContentHasher()
        for _ in 0..<pieces { whole.update(piece) }
        let file = PatchFile(
            name: try patchFile([]).name, length: whole.length, digest: whole.finish(), released: try patchFile([]).released)
        let options = ConnectionOptions(
            timeouts: ConnectionTimeouts(connect: .seconds(5), idle: .seconds(1), total: .seconds(60)))
        let script: ScriptedServer.Script = { _ in ScriptedAnswer(status: 200, steps: [.repeating(piece, times: pieces)]) }
        try await withUpstream(options: options, script: script) { upstream, server async throws in
            let stream = try await upstream.content(of: file, from: 0)
            var hasher = ContentHasher()
            var iterator = stream.chunks.makeAsyncIterator()
            hasher.update(try #require(try await iterator.next()))
            // The upstream goes on until those buffers are full, and then no further for longer than the idle time.
            var (sent, since) = (server.bytesSent, ContinuousClock.now)
            while ContinuousClock.now - since < .milliseconds(1500) {
                try await Task.sleep(for: .milliseconds(20))
                if server.bytesSent != sent { (sent, since) = (server.bytesSent, .now) }
            }
            #expect(sent < file.length / 2)
            while let chunk = try await iterator.next() { hasher.update(chunk) }
            #expect(hasher.finish() == file.digest)
        }
    }

    @Test func `letting go of a stream ends the connection`() async throws {
        let bytes = content(1 << 20)
        try await withUpstream(script: { _ in .ok(bytes).stalled(after: 1000) }) { upstream, server async throws in
            do {
                let stream = try await upstream.content(of: patchFile(bytes), from: 0)
                for try await _ in stream.chunks { break }
            }
            try await eventually { server.connections.open == 0 }
        }
    }

    @Test func `many files come at once`() async throws {
        let bytes = content(200_000)
        let file = try patchFile(bytes)
        let gate = Gate()
        try await withUpstream(script: { _ in .ok(bytes).paused(after: 1000, until: gate) }) { upstream, server async throws in
            try await withThrowingTaskGroup(of: Bool.self) { group in
                for _ in 0..<32 {
                    group.addTask { try await upstream.content(of: file, from: 0).collect() == bytes }
                }
                try await eventually { server.requests.count == 32 }
                gate.open()
                for try await isRight in group { #expect(isRight) }
            }
        }
    }
}
