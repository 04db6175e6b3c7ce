import AsyncHTTPClient
import LivepatchKit
import NIOCore
import NIOHTTP1
import Synchronization

extension AdminClient {
    /// Sends a file as a request's body. It is read piece by piece, as the server takes it.
    func upload(
        _ path: String, with request: HTTPClientRequest, progress: @escaping @Sendable (_ sent: Int64, _ total: Int64) -> Void
    ) async throws -> Answer {
        let file = try SourceFile(path)
        let length = file.length
        let sent = Mutex<Int64>(0)
        var request = request
        request.headers.add(name: "content-type", value: "application/octet-stream")
        request.body = .stream(
            AsyncThrowingStream {
                let position = sent.withLock { $0 }
                guard position < length else { return nil }
                let piece = try await file.read(at: position, count: Int(min(length - position, 128 << 10)))
                let total = position + Int64(piece.readableBytes)
                sent.withLock { $0 = total }
                progress(total, length)
                return piece
            }, length: .known(length))
        progress(0, length)
        return try await answer(request, patience: .fromEndOfUpload(Self.workPatience))
    }
}
