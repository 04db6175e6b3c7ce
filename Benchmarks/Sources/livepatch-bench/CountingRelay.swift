import Foundation
import Glibc
import LivepatchKit
import Synchronization

/// Passes connections on to a port of this machine, and counts what goes through.
final class CountingRelay: Sendable {
    /// What has gone through.
    struct Count: Sendable {
        /// Requests, each of which has no body.
        var requests = 0
        /// Bytes in both directions, headers included.
        var bytes = 0

        static func - (left: Count, right: Count) -> Count {
            Count(requests: left.requests - right.requests, bytes: left.bytes - right.bytes)
        }
    }

    let port: Int
    private let target: Int
    private let socket: Int32
    private let passed = Mutex(Count())

    /// - Throws: ``LivepatchError`` with the code `internal-fault`.
    init(to target: Int) throws {
        self.target = target
        (socket, port) = try Loopback.listen()
        let thread = Thread { [self] in accept() }
        thread.start()
    }

    var count: Count { passed.withLock { $0 } }

    func stop() { shutdown(socket, Int32(SHUT_RDWR)) }

    private func accept() {
        while true {
            let client = Glibc.accept(socket, nil, nil)
            guard client >= 0, let server = try? Loopback.connect(target) else { break }
            for descriptor in [client, server] {
                var option: Int32 = 1
                setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &option, socklen_t(MemoryLayout<Int32>.size))
            }
            let pair = Pair(client: client, server: server)
            Thread { [self] in pass(from: pair.client, to: pair.server, of: pair, isRequest: true) }.start()
            Thread { [self] in pass(from: pair.server, to: pair.client, of: pair, isRequest: false) }.start()
        }
        close(socket)
    }

    /// Two connections, which are closed when nothing goes through in either direction.
    private final class Pair: Sendable {
        let client: Int32
        let server: Int32

        init(client: Int32, server: Int32) {
            self.client = client
            self.server = server
        }

        deinit {
            close(client)
            close(server)
        }
    }

    private func pass(from source: Int32, to sink: Int32, of pair: Pair, isRequest: Bool) {
        defer { withExtendedLifetime(pair) {} }
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        // How much of the end of a header, `\r\n\r\n`, was seen last.
        var seen = 0
        while true {
            let length = read(source, &buffer, buffer.count)
            guard length > 0 else { break }
            var requests = 0
            if isRequest {
                for byte in buffer[..<length] {
                    let expected = seen.isMultiple(of: 2) ? UInt8(ascii: "\r") : UInt8(ascii: "\n")
                    seen = byte == expected ? seen + 1 : byte == UInt8(ascii: "\r") ? 1 : 0
                    if seen == 4 { (requests, seen) = (requests + 1, 0) }
                }
            }
            passed.withLock {
                $0.requests += requests
                $0.bytes += length
            }
            var sent = 0
            while sent < length {
                let count = buffer[sent..<length].withUnsafeBytes {
                    send(sink, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
                }
                guard count > 0 else { break }
                sent += count
            }
            guard sent == length else { break }
        }
        shutdown(sink, Int32(SHUT_WR))
    }
}
