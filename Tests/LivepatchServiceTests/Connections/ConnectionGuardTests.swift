import LivepatchAPI
import LivepatchKit
import NIOCore
import Testing

@testable import LivepatchService

/// Over real sockets: what is too slow or too much is cut in its time, and others are served.
@Suite("Slow and excessive clients", .timeLimit(.minutes(1))) struct ConnectionGuardTests {
    /// A server that is impatient.
    private func server(_ change: (inout ServerLimits) -> Void = { _ in }) async throws -> ServerUnderTest {
        var server = try await ServerUnderTest()
        var limits = ServerLimits()
        limits.connections.headerTime = .seconds(1)
        limits.connections.idleTime = .seconds(20)
        limits.connections.answerTime = .seconds(20)
        limits.connections.minimumRate = 10_000
        limits.connections.rateWindow = .milliseconds(200)
        limits.connections.discardBytes = 100_000
        limits.connections.discardTime = .seconds(2)
        change(&limits)
        server.parts.governance = Governance(
            limits, metrics: server.metrics, logger: server.log.logger(label: "governor"))
        return server
    }

    /// Others are served.
    private func expectService(_ port: Int) async throws {
        #expect(
            try await RawClient.exchange(port, "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").hasPrefix(
                "HTTP/1.1 200 "))
    }

    @Test(arguments: ["GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ", "GET /"]) func `a header that does not end is not waited for`(
        part: String
    ) async throws {
        let server = try await server()
        try await RawClient.with(server) { port in
            try await RawClient.connect(port).executeThenClose { inbound, outbound in
                try await outbound.write(ByteBuffer(string: part))
                try await expectService(port)
                // A byte now and then, as slow as a client can be that wants to keep the connection.
                let dripping = Task {
                    while true {
                        try await Task.sleep(for: .milliseconds(20))
                        try await outbound.write(ByteBuffer(string: "E"))
                    }
                }
                var reader = inbound.makeAsyncIterator()
                let answer = try await RawClient.answer(&reader)
                dripping.cancel()
                #expect(answer.hasPrefix("HTTP/1.1 408 "), "\(answer)")
                #expect(answer.contains(#""code":"request-timeout""#))
            }
        }
    }

    @Test func `a connection on which nothing comes is closed without a word`() async throws {
        try await RawClient.with(try await server { $0.connections.idleTime = .milliseconds(200) }) { port in
            #expect(try await RawClient.exchange(port, "") == "")
            let answer = try await RawClient.exchange(port, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(answer.hasPrefix("HTTP/1.1 200 ") && !answer.contains("408"), "\(answer)")
        }
    }

    @Test func `a body that drips is not waited for`() async throws {
        let server = try await server()
        let token = try await server.machine("machine-1", in: "edge")
        try await RawClient.with(server) { port in
            try await RawClient.connect(port).executeThenClose { inbound, outbound in
                try await outbound.write(
                    ByteBuffer(
                        string: "POST /v1/client/machine-1/updates HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \(token)\r\n"
                            + "Content-Length: 60000\r\n\r\n{"))
                let dripping = Task {
                    while true {
                        try await Task.sleep(for: .milliseconds(10))
                        try await outbound.write(ByteBuffer(string: " "))
                    }
                }
                try await expectService(port)
                var reader = inbound.makeAsyncIterator()
                let answer = try await RawClient.answer(&reader)
                dripping.cancel()
                #expect(answer.hasPrefix("HTTP/1.1 408 "), "\(answer)")
            }
        }
        #expect(server.parts.governance.governor.occupancy.served[.machines] == 0, "its place is free again")
    }

    @Test func `a reader that stops is cut, and one that goes on is not`() async throws {
        let server = try await server { $0.connections.rateWindow = .milliseconds(500) }
        let bytes = [UInt8](repeating: 1, count: 32 << 20)
        let file = try await server.add("livepatch-5.15.0-107.117-generic-107.1-amd64.tar.bz2", bytes)
        let secret = try await server.secret("edge")
        let request =
            "GET \(Paths.patchFile(file.name)) HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \(secret)\r\nConnection: close\r\n\r\n"
        try await RawClient.with(server) { port in
            try await RawClient.connect(port).executeThenClose { inbound, outbound in
                try await outbound.write(ByteBuffer(string: request))
                var stopped = inbound.makeAsyncIterator()
                _ = try await stopped.next()
                try await RawClient.connect(port).executeThenClose { inbound, outbound in
                    try await outbound.write(ByteBuffer(string: request))
                    var received = 0
                    // Slower than it could be, over several of the times that are looked at.
                    for try await part in inbound {
                        received += part.readableBytes
                        if received < 16 << 20 { try await Task.sleep(for: .milliseconds(5)) }
                    }
                    #expect(received > bytes.count, "the body and its header")
                }
                while server.parts.governance.connections.count > 0 {
                    try Task.checkCancellation()
                    await Task.yield()
                }
                var received = 0
                do {
                    while let part = try await stopped.next() { received += part.readableBytes }
                } catch {
                    // A reset is as good an end as any.
                }
                #expect(received < bytes.count)
            }
        }
        #expect(server.log.lines.contains { $0.contains("slow-reader") })
    }

    @Test func `a header that is too long or has too many fields is refused with 431`() async throws {
        let server = try await server {
            $0.connections.headerBytes = 2000
            $0.connections.targetBytes = 500
            $0.connections.headerCount = 20
        }
        try await RawClient.with(server) { port in
            let start = "GET / HTTP/1.1\r\nHost: x\r\n"
            for header in [
                "X: \(String(repeating: "a", count: 4000))\r\n", String(repeating: "X: y\r\n", count: 30),
                String(repeating: "X: \(String(repeating: "a", count: 200))\r\n", count: 18),
            ] {
                let answer = try await RawClient.exchange(port, start + header + "\r\n")
                #expect(answer.hasPrefix("HTTP/1.1 431 "), "\(answer)")
                #expect(answer.contains("header-too-large"))
            }
            let fits = start + "X: \(String(repeating: "a", count: 1500))\r\nConnection: close\r\n\r\n"
            #expect(try await RawClient.exchange(port, fits).hasPrefix("HTTP/1.1 200 "))
        }
    }

    @Test(arguments: [501, 3000, 100_000]) func `a target that is too long is refused with 414`(length: Int) async throws {
        let server = try await server {
            $0.connections.headerBytes = 2000
            $0.connections.targetBytes = 500
        }
        try await RawClient.with(server) { port in
            let path = "/" + String(repeating: "a", count: length - 1)
            let answer = try await RawClient.exchange(port, "GET \(path) HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(answer.hasPrefix("HTTP/1.1 414 "), "\(answer)")
            #expect(answer.contains("url-too-long"))
            try await expectService(port)
        }
    }

    @Test func `a body that is too large is refused before it comes`() async throws {
        let server = try await server()
        let token = try await server.machine("machine-1", in: "edge")
        try await RawClient.with(server) { port in
            try await RawClient.connect(port).executeThenClose { inbound, outbound in
                try await outbound.write(
                    ByteBuffer(
                        string: "POST /v1/client/machine-1/updates HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \(token)\r\n"
                            + "Content-Length: 70000\r\n\r\n"))
                var reader = inbound.makeAsyncIterator()
                let refusal = try await RawClient.answer(&reader, until: "}")
                #expect(refusal.hasPrefix("HTTP/1.1 413 "), "\(refusal)")
                // It is little enough to be taken, and the connection goes on.
                try await outbound.write(
                    ByteBuffer(string: String(repeating: "x", count: 70_000) + "GET / HTTP/1.1\r\nHost: x\r\n\r\n"))
                #expect(try await RawClient.answer(&reader, until: "OK\n").hasPrefix("HTTP/1.1 200 "))
            }
        }
    }

    @Test func `who is refused gets to read that while still sending a large body, and is then cut`() async throws {
        let server = try await server()
        try await RawClient.with(server) { port in
            try await RawClient.connect(port).executeThenClose { inbound, outbound in
                try await outbound.write(
                    ByteBuffer(
                        string: "PUT /v1/admin/patch-files/\(ImportTests.name) HTTP/1.1\r\nHost: x\r\n"
                            + "Content-Length: 1000000000\r\n\r\n"))
                // All of what is taken, before anything is read.
                try await outbound.write(ByteBuffer(repeating: 1, count: 90_000))
                var reader = inbound.makeAsyncIterator()
                let refusal = try await RawClient.answer(&reader, until: "}")
                #expect(refusal.hasPrefix("HTTP/1.1 401 "), "\(refusal)")
                #expect(refusal.lowercased().contains("connection: close"))
                let sending = Task {
                    while true { try await outbound.write(ByteBuffer(repeating: 1, count: 10_000)) }
                }
                #expect(try await RawClient.answer(&reader) == "")
                await #expect(throws: (any Error).self) { try await sending.value }
            }
        }
    }

    @Test func `an answer that does not come is given up`() async throws {
        let server = try await server {
            $0.concurrency = 4
            $0.connections.answerTime = .milliseconds(200)
            $0.queueDeadline = .seconds(30)
        }
        let token = try await server.machine("machine-1", in: "edge")
        try await RawClient.with(server) { port in
            let herd = try await server.parts.governance.governor.enter(Visitor(kind: .machines, key: 1))
            let answer = try await RawClient.exchange(
                port, "GET /v1/client/machine-1/info HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \(token)\r\n\r\n")
            #expect(answer.hasPrefix("HTTP/1.1 503 "), "\(answer)")
            #expect(answer.contains("did not answer in time"))
            herd?.leave()
        }
    }

    @Test func `more connections than there are places take those of idle ones`() async throws {
        let server = try await server {
            $0.connections.total = 2
            $0.concurrency = 4
            $0.queueDeadline = .seconds(30)
        }
        let token = try await server.machine("machine-1", in: "edge")
        try await RawClient.with(server) { port in
            try await RawClient.connect(port).executeThenClose { inbound, outbound in
                let governor = server.parts.governance.governor
                let herd = try await governor.enter(Visitor(kind: .machines, key: 1))
                // Busy: its request waits.
                try await outbound.write(
                    ByteBuffer(
                        string: "GET /v1/client/machine-1/info HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \(token)\r\n"
                            + "Connection: close\r\n\r\n"))
                while governor.occupancy.waiting[.machines] == 0 { await Task.yield() }
                try await RawClient.connect(port).executeThenClose { idle, idleOutbound in
                    try await idleOutbound.write(ByteBuffer(string: "GET / HTTP/1.1\r\nHost: x\r\n\r\n"))
                    var reader = idle.makeAsyncIterator()
                    #expect(try await RawClient.answer(&reader, until: "OK\n").hasPrefix("HTTP/1.1 200 "))
                    try await expectService(port)
                    #expect(try await RawClient.answer(&reader) == "", "it has made room")
                }
                herd?.leave()
                var reader = inbound.makeAsyncIterator()
                #expect(try await RawClient.answer(&reader).hasPrefix("HTTP/1.1 200 "))
            }
        }
    }

    @Test func `one address has no more than its part of the connections`() async throws {
        let server = try await server { $0.connections.perAddress = 1 }
        try await RawClient.with(server) { port in
            try await RawClient.connect(port).executeThenClose { inbound, outbound in
                try await outbound.write(ByteBuffer(string: "GET / HTTP/1.1\r\nHost: x\r\n\r\n"))
                var reader = inbound.makeAsyncIterator()
                #expect(try await RawClient.answer(&reader, until: "OK\n").hasPrefix("HTTP/1.1 200 "))
                #expect(try await RawClient.exchange(port, "GET / HTTP/1.1\r\nHost: x\r\n\r\n") == "")
            }
            while server.parts.governance.connections.count > 0 {
                try Task.checkCancellation()
                await Task.yield()
            }
            try await expectService(port)
        }
    }
}
