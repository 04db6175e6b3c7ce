import NIOCore

/// How much of what was sent has reached the other side, which only the system knows.
enum SentBytes {
    /// The beginning of Linux's `struct tcp_info` (linux/tcp.h): eight bytes, 24 numbers of 32 bits, and then numbers of 64 bits, of which
    /// the third is `tcpi_bytes_acked`. The system fills as much of it as there is room for.
    private struct Information: Sendable {
        typealias Five = (UInt64, UInt64, UInt64, UInt64, UInt64)
        var before: (Five, Five, Five)
        var acknowledged: UInt64
    }

    /// - Returns: `nil` where the system does not say.
    static func acknowledged(on channel: any Channel) -> EventLoopFuture<UInt64?> {
        #if os(Linux)
            guard let provider = channel as? any SocketOptionProvider else { return channel.eventLoop.makeSucceededFuture(nil) }
            let level = NIOBSDSocket.OptionLevel.tcp
            let name = NIOBSDSocket.Option(rawValue: 11)
            let information: EventLoopFuture<Information> = provider.unsafeGetSocketOption(level: level, name: name)
            return information.map { $0.acknowledged }.recover { _ in nil }
        #else
            return channel.eventLoop.makeSucceededFuture(nil)
        #endif
    }
}
