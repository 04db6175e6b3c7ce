import Foundation
import Synchronization

/// What a process writes to one of its outputs. It is read as it comes, so that the process never waits for its reader.
public final class CapturedOutput: Sendable {
    private let state = Mutex((bytes: [UInt8](), isComplete: false))

    /// - Parameter descriptor: the reading end of a pipe, which this closes at the end.
    public init(reading descriptor: Int32) {
        Thread.detachNewThread { [self] in
            var buffer = [UInt8](repeating: 0, count: 64 << 10)
            while true {
                let count = read(descriptor, &buffer, buffer.count)
                if count < 0 && errno == EINTR { continue }
                guard count > 0 else { break }
                state.withLock { $0.bytes += buffer[..<count] }
            }
            close(descriptor)
            state.withLock { $0.isComplete = true }
        }
    }

    /// What has been written so far.
    public var text: String { String(decoding: bytes, as: UTF8.self) }
    public var bytes: [UInt8] { state.withLock { $0.bytes } }
    public var lines: [Substring] { text.split(separator: "\n") }

    /// Whether nobody can write to it any more.
    var isComplete: Bool { state.withLock { $0.isComplete } }
}
