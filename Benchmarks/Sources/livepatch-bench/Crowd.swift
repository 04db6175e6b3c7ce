import Foundation
import Glibc
import LivepatchKit

/// Many clients of HTTP/1.1 on one thread, with so little work for each that what is measured is the server.
///
/// Everything happens in ``turn(_:)``, on the thread that calls it.
final class Crowd {
    /// One of its connections.
    final class Connection {
        fileprivate let descriptor: Int32
        fileprivate var unsent: [UInt8] = []
        fileprivate var index = 0
        fileprivate var parser = AnswerParser()
        fileprivate(set) var isOpen = true
        /// Told of what comes; it may send in return.
        var heard: ((Connection, AnswerParser.Event) -> Void)?

        fileprivate init(_ descriptor: Int32) { self.descriptor = descriptor }
    }

    private var connections: [Connection] = []
    /// What is waited for at each of them.
    private var watched: [pollfd] = []
    private var buffer = [UInt8](repeating: 0, count: 64 << 10)

    deinit {
        for connection in connections { Glibc.close(connection.descriptor) }
    }

    var count: Int { connections.count }

    /// Opens a connection to a port of this machine.
    /// - Throws: ``LivepatchError`` with the code `internal-fault`.
    func open(_ port: Int, heard: ((Connection, AnswerParser.Event) -> Void)? = nil) throws -> Connection {
        let descriptor = try Loopback.connect(port)
        var option: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &option, socklen_t(MemoryLayout<Int32>.size))
        _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL, 0) | O_NONBLOCK)
        let connection = Connection(descriptor)
        connection.heard = heard
        connection.index = connections.count
        connections.append(connection)
        watched.append(pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0))
        return connection
    }

    func send(_ bytes: [UInt8], on connection: Connection) {
        connection.unsent += bytes
        if connection.isOpen { flush(connection) }
    }

    func close(_ connection: Connection) {
        guard connection.isOpen else { return }
        connection.isOpen = false
        // The last one moves to where it was.
        let (last, watch) = (connections.removeLast(), watched.removeLast())
        if connection.index < connections.count {
            connections[connection.index] = last
            watched[connection.index] = watch
            last.index = connection.index
        }
        Glibc.close(connection.descriptor)
    }

    /// Waits for something to happen, and passes it on.
    func turn(_ milliseconds: Int32) {
        guard poll(&watched, nfds_t(watched.count), milliseconds) > 0 else { return }
        let happened = watched.indices.filter { watched[$0].revents != 0 }.map { (connections[$0], watched[$0].revents) }
        for (connection, events) in happened where connection.isOpen {
            if events & Int16(POLLOUT) != 0 { flush(connection) }
            if events & ~Int16(POLLOUT) != 0 { receive(connection) }
        }
    }

    private func receive(_ connection: Connection) {
        let length = read(connection.descriptor, &buffer, buffer.count)
        guard length > 0 else {
            if length < 0, errno == EAGAIN { return }
            close(connection)
            connection.heard?(connection, .closed)
            return
        }
        connection.parser.take(buffer[..<length]) { connection.heard?(connection, $0) }
    }

    private func flush(_ connection: Connection) {
        guard !connection.unsent.isEmpty else { return }
        let sent = Glibc.send(connection.descriptor, connection.unsent, connection.unsent.count, Int32(MSG_NOSIGNAL))
        if sent > 0 { connection.unsent.removeFirst(sent) }
        watched[connection.index].events = Int16(POLLIN | (connection.unsent.isEmpty ? 0 : POLLOUT))
    }
}

/// Plain sockets to this machine.
enum Loopback {
    /// - Throws: ``LivepatchError`` with the code `internal-fault`.
    static func connect(_ port: Int) throws -> Int32 {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        let isConnected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
        guard descriptor >= 0, isConnected else {
            let reason = String(cString: strerror(errno))
            if descriptor >= 0 { close(descriptor) }
            throw LivepatchError(.internalFault, "No connection to port \(port) of this machine: \(reason).")
        }
        return descriptor
    }

    static func close(_ descriptor: Int32) { Glibc.close(descriptor) }

    /// A socket that listens at a port that the system chose.
    /// - Throws: ``LivepatchError`` with the code `unavailable`.
    static func listen() throws -> (descriptor: Int32, port: Int) {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let status = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) == 0 && Glibc.listen(descriptor, 128) == 0
                    ? getsockname(descriptor, $0, &length) : -1
            }
        }
        guard status == 0 else {
            if descriptor >= 0 { close(descriptor) }
            throw LivepatchError(.unavailable, "There is no free port.")
        }
        return (descriptor, Int(UInt16(bigEndian: address.sin_port)))
    }

    /// A port that was free a moment ago, for programs that cannot be told to choose one.
    static func freePort() throws -> Int {
        let (descriptor, port) = try listen()
        close(descriptor)
        return port
    }

    /// Lets this process, and those that it starts, open as many files as that, or as the system lets it.
    /// - Returns: how many that are.
    static func raiseFileLimit(to wanted: Int) -> Int {
        let files = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        var limit = rlimit()
        guard getrlimit(files, &limit) == 0 else { return 1024 }
        if limit.rlim_cur >= rlim_t(wanted) { return wanted }
        // Only root may raise the hard limit.
        for most in [max(limit.rlim_max, rlim_t(wanted)), limit.rlim_max] {
            var raised = rlimit(rlim_cur: min(most, rlim_t(wanted)), rlim_max: most)
            if setrlimit(files, &raised) == 0 { return Int(raised.rlim_cur) }
        }
        return Int(limit.rlim_cur)
    }
}
