import LivepatchKit

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Where text goes.
public protocol TextOutput: Sendable {
    var terminal: Terminal { get }
    /// Writes all of it before it returns.
    /// - Throws: ``OutputClosed`` if nobody reads it any more, ``LivepatchError`` with the code `storage-unavailable` or `storage-full`.
    func write(_ text: String) throws
}

/// Whoever read the output has gone, as `head` does when it has seen enough.
public struct OutputClosed: Error, Sendable {
    public init() {}
}

/// A file descriptor that is written without a buffer, so that nothing is left to flush.
public struct DescriptorOutput: TextOutput {
    public let terminal: Terminal
    private let descriptor: Int32

    public init(descriptor: Int32, environment: [String: String]) {
        self.descriptor = descriptor
        terminal = Terminal(descriptor: descriptor, environment: environment)
    }

    public func write(_ text: String) throws {
        let bytes = Array(text.utf8)
        var written = 0
        while written < bytes.count {
            let count = bytes[written...].withUnsafeBytes { systemWrite(descriptor, $0) }
            if count >= 0 {
                written += count
                continue
            }
            switch errno {
            case EINTR: continue
            case EAGAIN: waitUntilWritable()
            case EPIPE: throw OutputClosed()
            case let number:
                throw LivepatchError(
                    number == ENOSPC ? .storageFull : .storageUnavailable,
                    "The output cannot be written: \(SystemError.text(number)).",
                    suggestion: "Check where it is redirected to.")
            }
        }
    }

    /// A terminal that another program made non-blocking may be full for a moment.
    private func waitUntilWritable() {
        var poll = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        _ = systemPoll(&poll)
    }
}

private func systemWrite(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) -> Int {
    write(descriptor, bytes.baseAddress, bytes.count)
}

private func systemPoll(_ descriptor: inout pollfd) -> Int32 { poll(&descriptor, 1, -1) }
