import NIOCore
import NIOEmbedded
import NIOHTTP1
import Testing

@testable import LivepatchService

@Suite("Expect: 100-continue") struct ExpectedContinueTests {
    private let channel = EmbeddedChannel()

    init() throws {
        let pipeline = channel.pipeline.syncOperations
        try pipeline.configureHTTPServerPipeline(withPipeliningAssistance: false, withErrorHandling: false)
        try pipeline.addHandler(DecoderNeighbours { try $0.addHandler(ExpectedContinue(), position: .after($1)) })
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
    }

    private func receive(_ text: String) throws { try channel.writeInbound(ByteBuffer(string: text)) }

    private func head(_ version: String = "1.1", expect: String = "100-continue", body: String = "Content-Length: 5") throws {
        try receive("PUT / HTTP/\(version)\r\nHost: x\r\nExpect: \(expect)\r\n\(body)\r\n\r\n")
    }

    /// Somebody begins to read the body.
    private func read() throws { try channel.triggerUserOutboundEvent(ExpectedContinue.Reading()).wait() }

    private func answer(_ status: HTTPResponseStatus) throws {
        let head = HTTPResponseHead(version: .http1_1, status: status, headers: ["content-length": "0"])
        try channel.writeOutbound(HTTPServerResponsePart.head(head))
        try channel.writeOutbound(HTTPServerResponsePart.end(nil))
    }

    /// What has been sent since the last call.
    private func sent() throws -> String {
        var text = ""
        while let part = try channel.readOutbound(as: ByteBuffer.self) { text += String(buffer: part) }
        return text
    }

    private let proceed = "HTTP/1.1 100 Continue\r\n\r\n"

    @Test(arguments: ["Content-Length: 5", "Transfer-Encoding: chunked"], ["100-continue", "100-Continue"])
    func `is answered when the body is read, once, and then by the final answer`(body: String, expect: String) throws {
        try head(expect: expect, body: body)
        #expect(try sent() == "")
        try read()
        try read()
        #expect(try sent() == proceed)
        try receive(body.hasPrefix("C") ? "12345" : "5\r\n12345\r\n0\r\n\r\n")
        try answer(.created)
        #expect(try sent() == "HTTP/1.1 201 Created\r\ncontent-length: 0\r\n\r\n")
        #expect(channel.isActive)
        // The next request on the connection is another one.
        try receive("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        try read()
        try answer(.ok)
        #expect(try sent() == "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
        #expect(channel.isActive)
    }

    @Test func `is refused with the final answer alone, and the connection's end, where nobody reads the body`() throws {
        try head()
        try answer(.unauthorized)
        #expect(try sent() == "HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
        try read()
        #expect(try sent() == "")
    }

    @Test func `is passed over when the body is coming already`() throws {
        try head()
        try receive("12")
        try read()
        #expect(try sent() == "")
        try receive("345")
        try answer(.ok)
        #expect(try sent() == "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
    }

    @Test func `of HTTP 1.0 is passed over`() throws {
        try head("1.0")
        try read()
        try receive("12345")
        try answer(.ok)
        #expect(try !sent().contains("100 Continue"))
    }

    @Test func `of a request without a body, or of something else is passed over`() throws {
        for (expect, body) in [("100-continue", "Content-Length: 0"), ("200-ok", "Content-Length: 5")] {
            try head(expect: expect, body: body)
            try read()
            if body.hasSuffix("5") { try receive("12345") }
            try answer(.ok)
            #expect(try sent() == "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
        }
        #expect(channel.isActive)
    }

    @Test func `of a request without content is no reason to end the connection`() throws {
        try receive("GET / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n\r\n")
        try answer(.ok)
        #expect(try sent() == "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
    }

    @Test func `belongs to its own request among several that are under way`() throws {
        try receive("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        try head()
        try read()
        #expect(try sent() == "", "the first request expects nothing")
        try answer(.ok)
        #expect(try sent() == "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
        try read()
        #expect(try sent() == proceed)
    }
}
