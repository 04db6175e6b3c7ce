import Hummingbird
import LivepatchKit
import NIOCore
import Synchronization

/// An answer's body for whoever hands over bytes piece by piece. Unchecked: it has one producer, which waits for each piece to be
/// taken before it hands over the next one, and `finish` comes after the last.
final class BodyPipe: @unchecked Sendable {
    private var writer: any ResponseBodyWriter

    init(_ writer: any ResponseBodyWriter) { self.writer = writer }

    func write(_ bytes: [UInt8]) async throws { try await writer.write(ByteBuffer(bytes: bytes)) }

    func finish() async throws { try await writer.finish(nil) }
}

/// A backup on its way out, which is let go of even if its answer is never sent.
final class HeldBackup: Sendable {
    private let backup: OpenBackup
    private let isTaken = Mutex(false)

    init(_ backup: OpenBackup) { self.backup = backup }

    deinit {
        // Writing lets go of it by itself; then another backup may be under way.
        guard !isTaken.withLock({ $0 }) else { return }
        Task { [backup] in await backup.close() }
    }

    func write(to sink: any BundleSink) async throws {
        isTaken.withLock { $0 = true }
        try await backup.write(to: sink)
    }
}
