import AsyncHTTPClient
import LivepatchKit
import NIOCore
import NIOHTTP1
import Synchronization

extension AdminClient {
    /// Sends a file as a request's body, from its beginning again if the server has too much to do. It is read piece by piece, as the
    /// server takes it.
    func upload(
        _ path: String, with request: HTTPClientRequest, progress: @escaping @Sendable (_ sent: Int64, _ total: Int64) -> Void
    ) async throws -> Answer {
        try await BusyServer.patiently(transport.options.patience) {
            try await uploadOnce(path, with: request, progress: progress)
        }
    }

    private func uploadOnce(
        _ path: String, with request: HTTPClientRequest, progress: @escaping @Sendable (_ sent: Int64, _ total: Int64) -> Void
    ) async throws -> Answer {
        let file = try SourceFile(path)
        let length = file.length
        let sent = SentBytes()
        var request = request
        request.headers.add(name: "content-type", value: "application/octet-stream")
        request.body = .stream(
            AsyncThrowingStream {
                let position = sent.count
                guard position < length else { return nil }
                let piece = try await file.read(at: position, count: Int(min(length - position, 128 << 10)))
                let total = position + Int64(piece.readableBytes)
                sent.count = total
                progress(total, length)
                return piece
            }, length: .known(length))
        progress(0, length)
        let upload = request
        return try await withThrowingTaskGroup(of: Answer?.self) { group in
            defer { group.cancelAll() }
            group.addTask { try await answerOnce(upload, patience: .fromEndOfUpload(Self.workPatience)) }
            group.addTask {
                try await notice(AdminRefusal(upload)) { sent.count == length ? nil : sent.count }
                return nil
            }
            while let ended = try await group.next() {
                if let answer = ended { return answer }
            }
            throw CancellationError()
        }
    }

    /// Throws when the server has taken nothing for the idle time: the client's own time-out runs only while it could write.
    /// - Parameter position: how much has been sent; `nil` once that is all.
    private func notice(_ refusal: AdminRefusal, standstillOf position: @Sendable () -> Int64?) async throws {
        let patience = transport.options.timeouts.idle
        while let before = position() {
            try await Task.sleep(for: patience)
            guard position() == before else { continue }
            throw refusal.error(TransportFailure(.timeout, "it took no more bytes within \(TransportFailure.text(patience))"))
        }
    }
}

/// How much of a file the connection has taken.
private final class SentBytes: Sendable {
    private let bytes = Mutex<Int64>(0)

    var count: Int64 {
        get { bytes.withLock { $0 } }
        set { bytes.withLock { $0 = newValue } }
    }
}
