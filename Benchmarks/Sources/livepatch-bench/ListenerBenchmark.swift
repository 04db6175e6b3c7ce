import Foundation
import Glibc
import LivepatchAPI
import LivepatchKit

/// What it costs a server that many hold a request open at it.
struct ListenerBenchmark {
    let bench: Workbench

    func run() async throws -> [Figure] {
        let stores = try Stores(at: bench.path("listeners"))
        try stores.close()
        let server = try await RunningServer(
            bench.server, dataDirectory: bench.path("listeners"), settings: [:], environment: [:])
        defer { server.stop() }
        let token = try await server.issueToken("listeners")
        let count = bench.scale.listeners
        bench.say("push: \(count) listeners")
        // The first ones fill pools that all share.
        var sockets = try listen(server, token, 100)
        defer { for socket in sockets { close(socket) } }
        let before = try server.residentBytes()
        sockets += try listen(server, token, count)
        let after = try server.residentBytes()
        let cpuBefore = try server.processorSeconds()
        try await Task.sleep(for: .seconds(20))
        let cpu = (try server.processorSeconds() - cpuBefore) / 20
        return [
            Figure(
                "memory of a server for each of \(count) listeners, KiB", .number, [Double(after - before) / Double(count) / 1024]
            ),
            Figure("processor time of a server with \(count) idle listeners, of one core", .number, [cpu]),
        ]
    }

    /// Opens connections, each with a request that is answered until the end; returns when all have begun to be.
    private func listen(_ server: RunningServer, _ token: String, _ count: Int) throws -> [Int32] {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(server.port).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let request = Array(
            "GET \(Paths.syncEvents) HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer \(token)\r\n\r\n".utf8)
        var sockets: [Int32] = []
        for _ in 0..<count {
            let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            let isConnected = withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
                }
            }
            guard descriptor >= 0, isConnected, write(descriptor, request, request.count) == request.count else {
                throw LivepatchError(.internalFault, "Connection \(sockets.count) could not be opened (errno \(errno)).")
            }
            sockets.append(descriptor)
        }
        var buffer = [UInt8](repeating: 0, count: 4096)
        for descriptor in sockets {
            var text = ""
            while !text.contains("data:") {
                let length = read(descriptor, &buffer, buffer.count)
                guard length > 0 else { throw LivepatchError(.internalFault, "A listener was sent away: \(text)") }
                text += String(decoding: buffer[..<length], as: UTF8.self)
            }
        }
        return sockets
    }
}
