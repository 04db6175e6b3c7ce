import LivepatchAPI
import LivepatchHTTP
import LivepatchKit
import ScriptedServer
import Testing

@testable import struct LivepatchHTTP.EventStreamParser

@Suite struct `Listening to an upstream's announcements` {
    private func stream(_ steps: [ScriptedAnswer.Step]) -> ScriptedAnswer {
        ScriptedAnswer(
            status: 200, headers: [("Content-Type", "text/event-stream; charset=utf-8"), ("Transfer-Encoding", "chunked")],
            steps: steps)
    }

    private func event(_ tag: String) -> ScriptedAnswer.Step {
        .bytes(Array("event: head\ndata: {\"tag\":\"\(tag)\"}\n\n".utf8))
    }

    @Test func `tags arrive one after the other, comments and other events do not, and the end is the end`() async throws {
        let gate = Gate()
        let answer = stream([
            event("a"), .wait(gate), .bytes(Array(":\n\nevent: other\ndata: {}\n\n".utf8)), event("b"),
        ])
        try await withUpstream(script: { _ in answer }) { upstream, server async throws in
            var heard: [String] = []
            for try await tag in try await upstream.headTags() {
                heard.append(tag)
                gate.open()
            }
            #expect(heard == ["a", "b"])
            let request = try #require(server.requests.first)
            #expect(request.path == Paths.syncEvents)
            #expect(request.header("Authorization") == "Bearer \(token)")
            #expect(request.header("Accept") == "text/event-stream")
        }
    }

    @Test func `a server of before there were announcements lacks them`() async throws {
        try await withUpstream(script: { _ in .status(404) }) { upstream, _ async throws in
            await expectError(.upstreamLacks) { _ = try await upstream.headTags() }
        }
    }

    @Test func `another kind of answer, an event without a tag and one without an end are refused`() async throws {
        try await withUpstream(script: { _ in .ok(Array("hello".utf8)) }) { upstream, _ async throws in
            await expectError(.upstreamMalformed) { _ = try await upstream.headTags() }
        }
        for bytes in ["event: head\ndata: {\"tog\":1}\n\n", "data: " + String(repeating: "x", count: 5000)] {
            let answer = stream([.bytes(Array(bytes.utf8)), .stall])
            try await withUpstream(script: { _ in answer }) { upstream, _ async throws in
                await expectError(.upstreamMalformed) { for try await _ in try await upstream.headTags() {} }
            }
        }
    }

    @Test func `a connection that breaks is told, and letting go of the stream ends it`() async throws {
        let broken = stream([event("a"), .reset])
        try await withUpstream(script: { _ in broken }) { upstream, _ async throws in
            var heard: [String] = []
            await expectError(.upstreamUnreachable) { for try await tag in try await upstream.headTags() { heard.append(tag) } }
            #expect(heard == ["a"])
        }
        let endless = stream([event("a"), .stall])
        try await withUpstream(script: { _ in endless }) { upstream, server async throws in
            for try await _ in try await upstream.headTags() { break }
            try await eventually { server.connections.open == 0 }
        }
    }

    @Test func `events are taken apart wherever the bytes are cut`() throws {
        let text = ": hello\r\nevent: head\r\ndata:one\rdata: two\n\n\ndata\nid: 7\n\nevent: lost"
        let expected = [
            EventStreamParser.Event(name: "head", data: "one\ntwo"), EventStreamParser.Event(name: "message", data: ""),
        ]
        let bytes = Array(text.utf8)
        for cut in 0...bytes.count {
            var parser = EventStreamParser(limit: 100)
            #expect(try parser.events(in: bytes[..<cut]) + parser.events(in: bytes[cut...]) == expected)
        }
        var parser = EventStreamParser(limit: 10)
        for _ in 0..<100 { #expect(try parser.events(in: Array(":12345\n".utf8)) == []) }
        #expect(throws: EventStreamParser.TooLong.self) { try parser.events(in: Array("data: 12345".utf8)) }
    }
}
