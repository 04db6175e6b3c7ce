import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// One connection to a scripted server.
struct ScriptedConnection {
    typealias Channel = NIOAsyncChannel<HTTPServerRequestPart, ByteBuffer>
    /// Ends the connection in order.
    private struct Closing: Error {}

    let number: Int
    let channel: Channel
    let script: ScriptedServer.Script
    let readsBodies: Bool
    let record: ScriptedServer.Record

    func serve() async throws {
        try await channel.executeThenClose { inbound, outbound in
            var head: HTTPRequestHead?
            var body: [UInt8] = []
            var length: Int64 = 0
            for try await part in inbound {
                switch part {
                case .head(let arrived):
                    head = arrived
                    (body, length) = ([], 0)
                    if !readsBodies {
                        try await answer(request(arrived, [], 0), outbound)
                        return
                    }
                case .body(let piece):
                    length += Int64(piece.readableBytes)
                    if body.count < ScriptedServer.keptBodyBytes {
                        body.append(contentsOf: piece.readableBytesView.prefix(ScriptedServer.keptBodyBytes - body.count))
                    }
                case .end:
                    guard let arrived = head else { return }
                    head = nil
                    do {
                        try await answer(request(arrived, body, length), outbound)
                    } catch is Closing {
                        return
                    }
                    if !arrived.isKeepAlive { return }
                }
            }
        }
    }

    private func request(_ head: HTTPRequestHead, _ body: [UInt8], _ length: Int64) -> ScriptedRequest {
        let request = ScriptedRequest(
            method: head.method.rawValue, target: head.uri, headers: head.headers.map { ($0.name, $0.value) }, body: body,
            bodyLength: length, connection: number)
        record.requests.withLock { $0.append(request) }
        return request
    }

    private func answer(_ request: ScriptedRequest, _ outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>) async throws {
        let answer: ScriptedAnswer
        do {
            answer = try await script(request)
        } catch {
            answer = .status(500, Array("the script failed: \(error)".utf8))
        }
        try await send(answer.rawHead ?? head(answer), outbound)
        let isChunked = answer.headers.contains { $0.name.lowercased() == "transfer-encoding" }
        for step in answer.steps where request.method != "HEAD" {
            switch step {
            case .bytes(let bytes):
                try await send(isChunked ? chunk(bytes) : bytes, outbound)
            case .repeating(let bytes, let times):
                let piece = isChunked ? chunk(bytes) : bytes
                for _ in 0..<times { try await send(piece, outbound) }
            case .wait(let gate):
                await gate.wait()
            case .stall:
                // A client that goes away is not noticed while its request's body lies unread: then the server's end ends this.
                let channel = channel.channel
                try await withTaskCancellationHandler {
                    try await channel.closeFuture.get()
                } onCancel: {
                    channel.close(promise: nil)
                }
                throw Closing()
            case .close:
                throw Closing()
            case .reset:
                try await reset()
                throw Closing()
            }
        }
        if isChunked { try await send(Array("0\r\n\r\n".utf8), outbound) }
    }

    private func head(_ answer: ScriptedAnswer) -> [UInt8] {
        let phrase = HTTPResponseStatus(statusCode: answer.status).reasonPhrase
        var lines = ["HTTP/1.1 \(answer.status) \(phrase)"] + answer.headers.map { "\($0.name): \($0.value)" }
        let names = Set(answer.headers.map { $0.name.lowercased() })
        if names.isDisjoint(with: ["content-length", "transfer-encoding"]), ![204, 304].contains(answer.status) {
            lines.append("Content-Length: \(answer.length)")
        }
        return Array((lines + ["", ""]).joined(separator: "\r\n").utf8)
    }

    private func chunk(_ bytes: [UInt8]) -> [UInt8] {
        bytes.isEmpty ? [] : Array("\(String(bytes.count, radix: 16))\r\n".utf8) + bytes + Array("\r\n".utf8)
    }

    /// Suspends while the client takes nothing.
    private func send(_ bytes: [UInt8], _ outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>) async throws {
        guard !bytes.isEmpty else { return }
        try await outbound.write(ByteBuffer(bytes: bytes))
        record.bytesSent.withLock { $0 += Int64(bytes.count) }
    }

    /// Closing a socket that lingers for no time at all sends a reset.
    private func reset() async throws {
        guard let socket = channel.channel as? any SocketOptionProvider else { return }
        try await socket.setSoLinger(linger(l_onoff: 1, l_linger: 0)).get()
        try await channel.channel.close().get()
    }
}
