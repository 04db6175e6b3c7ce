import Foundation
import HTTPTypes
import HummingbirdTesting
import LivepatchAPI
import LivepatchKit
import LivepatchTesting
import Logging
import MetricsTestKit
import NIOCore
import ServiceLifecycle
import Testing

@testable import LivepatchService

@Suite("Downloads from memory", .timeLimit(.minutes(1)))
struct HotDownloadTests {
    private static let name = "livepatch-5.15.0-107.117-generic-107.1-amd64.tar.bz2"
    private static let path = "/v1/patches/\(name)"

    /// A server that has a file in memory, and a token's admission.
    private struct Warm {
        let server: ServerUnderTest
        let file: PatchFile
        let client: TestClient
        let hot: HotAnswers
        let port: Int

        func status(_ token: String, _ headers: HTTPFields = [:], _ path: String = HotDownloadTests.path) async throws -> Int {
            var headers = headers
            headers[.authorization] = "Bearer \(token)"
            return try await client.get(path, headers: headers).status.code
        }

        /// Asks until it is answered from memory.
        func warm(_ token: String) async throws {
            for _ in 0..<2 { #expect(try await status(token) == 200) }
            #expect(try await isHot(token))
        }

        func isHot(_ token: String, _ headers: HTTPFields = [:]) async throws -> Bool {
            let before = hot.count
            #expect(try await status(token, headers) == 200)
            return hot.count > before
        }

        /// What it answers now must not be an answer of before.
        func expect(_ status: Int, _ token: String) async throws {
            let before = hot.count
            #expect(try await self.status(token) == status)
            #expect(hot.count == before)
        }
    }

    private func warm(
        _ bytes: [UInt8] = Array("content".utf8), _ server: ServerUnderTest? = nil, _ body: (Warm) async throws -> Void
    ) async throws {
        let cold: ServerUnderTest
        if let server { cold = server } else { cold = try await ServerUnderTest() }
        let server = cold.heated()
        let file = try await server.add(Self.name, bytes)
        try await RawClient.serving(server) { port, hot in
            let hot = try #require(hot)
            let client = TestClient(host: "127.0.0.1", port: port)
            client.connect()
            do {
                try await body(Warm(server: server, file: file, client: client, hot: hot, port: port))
            } catch {
                try await client.shutdown()
                throw error
            }
            try await client.shutdown()
        }
    }

    private func limited(_ change: (inout ServerLimits) -> Void) async throws -> ServerUnderTest {
        var server = try await ServerUnderTest()
        var limits = ServerLimits()
        change(&limits)
        server.parts.governance = Governance(
            limits, metrics: server.metrics, logger: server.log.logger(label: "governor"), seconds: { $0.upperBound })
        return server
    }

    // MARK: What is no longer so

    @Test func `a sync token that is revoked, replaced, moved or expired opens nothing from that moment on`() async throws {
        try await warm { warm in
            let issuer = warm.server.issuer
            let secret = try await warm.server.secret("edge", name: "site")
            try await warm.warm(secret)
            let other = try await issuer.rotate("site", overlap: .seconds(30), by: "test").secret
            try await warm.warm(secret)
            try await warm.warm(other)
            warm.server.clock.pass(31)
            try await warm.expect(401, secret)
            try await warm.warm(other)
            try await issuer.revoke("site", by: "test")
            try await warm.expect(401, other)

            let brief = try await warm.server.secret(
                "edge", name: "brief", validUntil: warm.server.clock.now.addingTimeInterval(10))
            try await warm.warm(brief)
            warm.server.clock.pass(11)
            try await warm.expect(401, brief)

            let moved = try await warm.server.secret("edge", name: "moved")
            try await warm.warm(moved)
            _ = try await warm.server.tokens.update("moved", entry: ChangeEntry(time: Date(), actor: "test", action: "move")) {
                $0.tier = Shorthand.stable
            }
            try await warm.expect(404, moved)
        }
    }

    @Test func `a machine whose token is ended or whose auth token is revoked gets nothing from that moment on`() async throws {
        try await warm { warm in
            let server = warm.server
            let token = try await server.machine("m-1", in: "edge")
            try await warm.warm(token)
            try await server.parts.machines.authority.end(token)
            try await warm.expect(401, token)
            let other = try await server.machine("m-2", in: "edge")
            try await warm.warm(other)
            try await server.parts.machines.issuer.revoke("auth of m-2 for edge", by: "test")
            try await warm.expect(401, other)
        }
    }

    @Test func `a patch that is blocked, withdrawn or found missing is not sent from that moment on`() async throws {
        try await warm { warm in
            let secret = try await warm.server.secret("edge")
            let administration = warm.server.parts.administration
            try await warm.warm(secret)
            _ = try await administration.carryOut(.block(version: warm.file.name.version, reason: "bad"), by: "test")
            try await warm.expect(404, secret)
            _ = try await administration.carryOut(.unblock(version: warm.file.name.version, reason: "good"), by: "test")
            try await warm.warm(secret)
            try await warm.server.catalog.setAvailable(false, [warm.file.name])
            try await warm.expect(404, secret)
            try await warm.server.catalog.setAvailable(true, [warm.file.name])
            try await warm.warm(secret)
            _ = try await administration.carryOut(
                .withdraw(version: warm.file.name.version, tier: Shorthand.edge), by: "test")
            try await warm.expect(404, secret)
        }
    }

    @Test func `damaged content is not taken in, and the log says so`() async throws {
        try await warm { warm in
            let secret = try await warm.server.secret("edge")
            warm.server.storage.damage(warm.file.digest) { $0[0] ^= 1 }
            #expect(!warm.server.log.lines.contains { $0.contains("is damaged") })
            for _ in 0..<4 { try await warm.expect(200, secret) }
            let lines = warm.server.log.lines.filter { $0.contains("is damaged") && $0.contains("storage verify") }
            #expect(lines.count == 2, "whenever it would have been taken in")
        }
    }

    // MARK: What goes on as before

    @Test func `uses are noted, and news are told, by the handlers`() async throws {
        try await warm { warm in
            let secret = try await warm.server.secret("edge", name: "site")
            let field = try #require(HTTPField.Name(HeaderNames.deployment))
            try await warm.warm(secret)
            #expect(try await !warm.isHot(secret, [field: "site-7"]), "that is news")
            #expect(try await warm.isHot(secret, [field: "site-7"]))
            #expect(try await warm.server.tokens.syncTokens().first?.lastDeployment?.description == "site-7")
            warm.server.clock.pass(61)
            #expect(try await !warm.isHot(secret, [field: "site-7"]), "that is worth a note")
            #expect(try await warm.isHot(secret, [field: "site-7"]))
            #expect(
                try await warm.server.tokens.syncTokens().first?.lastUsed == Timestamp.wholeSecond(warm.server.clock.now))
            #expect(warm.server.log.lines.filter { $0.contains("synctoken_authn_ok") }.count == 3)
        }
    }

    @Test func `requests are logged where that is wanted`() async throws {
        try await warm { warm in
            let secret = try await warm.server.secret("edge")
            try await warm.warm(secret)
            warm.server.log.level.level = .debug
            #expect(try await !warm.isHot(secret))
            #expect(warm.server.log.lines.contains { $0.contains("Answered a request.") && $0.contains(Self.name) })
            warm.server.log.level.level = .info
            #expect(try await warm.isHot(secret))
        }
    }

    @Test(arguments: Wire.connections)
    func `whoever answers, requests and credentials are measured the same`(_ wire: Wire) async throws {
        let server = try await ServerUnderTest()
        let file = try await server.add(Self.name)
        let secret = try await server.secret("edge")
        let machine = try await server.machine("m-1", in: "edge")
        try await RawClient.serving(wire == .hot ? server.heated() : server) { port, hot in
            try await TestClient.withClient(host: "127.0.0.1", port: port) { client in
                for token in [secret, machine] {
                    let headers: HTTPFields = [.authorization: "Bearer \(token)"]
                    for path in [Paths.patchFile(file.name), Paths.target(file)] {
                        for _ in 0..<5 { _ = try await client.get(path, headers: headers) }
                        _ = try await client.head(path, headers: headers)
                        var part = headers
                        part[.range] = "bytes=1-"
                        _ = try await client.get(path, headers: part)
                    }
                }
            }
            #expect(hot.map { $0.count > 20 } ?? (wire == .connection))
        }
        for template in [Paths.patchFileTemplate, Paths.targetTemplate] {
            for (method, code, count) in [("GET", "200", 10), ("HEAD", "200", 2), ("GET", "206", 2)] {
                let timer = try server.metrics.expectTimer(
                    RequestMeter.duration, [("handler", template), ("method", method), ("code", code)])
                #expect(timer.values.count == count, "\(method) \(code)")
                #expect(timer.values.allSatisfy { $0 > 0 })
            }
        }
        for credential in ["sync", "machine"] {
            #expect(try server.metrics.expectCounter(EntryMeter.count, [("token", credential)]).totalValue == 14)
            #expect(try server.metrics.expectTimer(EntryMeter.duration, [("token_type", credential)]).values.count == 14)
        }
        guard wire == .hot else { return }
        #expect(try server.metrics.expectCounter(PatchCache.hits).totalValue == 22)
        #expect(try server.metrics.expectCounter(PatchCache.misses).totalValue == 2)
    }

    @Test(arguments: Wire.connections)
    func `who comes too often is asked to wait`(_ wire: Wire) async throws {
        let server = try await limited {
            $0.downstreamRate = 6
            $0.machineRate = 4
        }
        let file = try await server.add(Self.name)
        let tokens = [(try await server.secret("edge"), 6), (try await server.machine("m-1", in: "edge"), 4)]
        try await RawClient.serving(wire == .hot ? server.heated() : server) { port, hot in
            try await TestClient.withClient(host: "127.0.0.1", port: port) { client in
                for (token, limit) in tokens {
                    let headers: HTTPFields = [.authorization: "Bearer \(token)"]
                    for number in 0..<limit + 2 {
                        let answer = try await client.get(Paths.patchFile(file.name), headers: headers)
                        #expect(answer.status == (number < limit ? .ok : .tooManyRequests), "\(number)")
                    }
                }
            }
            #expect(hot.map { $0.count > 4 } ?? (wire == .connection))
        }
        for policy in ["downstreams", "machines"] {
            #expect(try server.metrics.expectCounter(Governance.rateLimited, [("policy", policy)]).totalValue == 2)
        }
    }

    @Test func `whoever finds no place is refused as by the handlers, and a place is given back`() async throws {
        let server = try await limited {
            $0.concurrency = 4
            $0.burst = 0
        }
        try await warm(Array("content".utf8), server) { warm in
            let secret = try await server.secret("edge")
            try await warm.warm(secret)
            let governor = server.parts.governance.governor
            let place = try #require(governor.enterAtOnce(Visitor(kind: .downstreams, key: 1)))
            #expect(governor.enterAtOnce(Visitor(kind: .downstreams, key: 2)) == nil)
            try await warm.expect(503, secret)
            place.leave()
            #expect(try await warm.isHot(secret))
            #expect(governor.occupancy.served.values.allSatisfy { $0 == 0 })
        }
    }

    // MARK: Connections

    private static func request(_ secret: String, _ more: String = "", method: String = "GET", path: String = path) -> String {
        "\(method) \(path) HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \(secret)\r\n\(more)\r\n"
    }

    @Test func `requests that come at once are answered in order, to whoever still listens`() async throws {
        let bytes = (0..<(OpenedContent.chunkSize + 10)).map { UInt8(ascii: "a") + UInt8($0 % 26) }
        try await warm(bytes) { warm in
            let secret = try await warm.server.secret("edge")
            try await warm.warm(secret)
            let before = warm.hot.count
            let requests =
                Self.request(secret) + "GET /debug/info HTTP/1.1\r\nHost: x\r\n\r\n"
                + Self.request(secret, "Range: bytes=0-2\r\n")
                + Self.request(secret, method: "HEAD") + Self.request("nobody") + Self.request(secret, "Range: bytes=-1\r\n")
                + Self.request(secret, "Connection: close\r\n")
            let text = try await RawClient.exchange(warm.port, requests)
            let statuses = text.matches(of: /HTTP\/1\.1 (\d+)/).map { String($0.1) }
            #expect(statuses == ["200", "200", "206", "200", "401", "206", "200"])
            #expect(text.matches(of: /Content-Range: bytes (\S+)/).map { String($0.1) }.first == "0-2/\(bytes.count)")
            #expect(text.hasSuffix(String(decoding: bytes, as: UTF8.self)))
            #expect(text.utf8.count > 2 * bytes.count)
            #expect(warm.hot.count > before)

            // The end of what the client has to say comes along with its request.
            let connection = try await RawClient.connect(warm.port)
            try await connection.executeThenClose { inbound, outbound in
                try await outbound.write(ByteBuffer(string: Self.request(secret)))
                try await connection.channel.close(mode: .output)
                var reader = inbound.makeAsyncIterator()
                let answer = try await RawClient.answer(&reader)
                #expect(answer.hasSuffix(String(decoding: bytes, as: UTF8.self)))
            }
        }
    }

    @Test func `a client that takes nothing is not listened to, and is cut`() async throws {
        let server = try await limited {
            $0.connections.rateWindow = .milliseconds(500)
            $0.connections.minimumRate = 10_000
        }
        try await warm([UInt8](repeating: 1, count: 8 << 20), server) { warm in
            let secret = try await server.secret("edge")
            try await warm.warm(secret)
            let before = warm.hot.count
            try await RawClient.connect(warm.port).executeThenClose { inbound, outbound in
                // More than all buffers on the way hold.
                for _ in 0..<64 { try await outbound.write(ByteBuffer(string: Self.request(secret))) }
                var reader = inbound.makeAsyncIterator()
                _ = try await reader.next()
                let ended = try server.metrics.expectCounter(ConnectionPlaces.ended, [("reason", "slow-reader")])
                while ended.totalValue == 0 {
                    try Task.checkCancellation()
                    await Task.yield()
                }
            }
            #expect(warm.hot.count - before < 16)
            while server.parts.governance.governor.occupancy.served.values.contains(where: { $0 > 0 }) {
                try Task.checkCancellation()
                await Task.yield()
            }
        }
    }

    @Test func `a download under way ends before the server does, or is cut at the deadline`() async throws {
        for isReading in [true, false] {
            let server = try await ServerUnderTest().heated()
            // More than all buffers on the way hold.
            let bytes = [UInt8](repeating: 1, count: 16 << 20)
            _ = try await server.add(Self.name, bytes)
            let secret = try await server.secret("edge")
            let (addresses, ready) = AsyncStream.makeStream(of: HTTPService.Address.self)
            let service = HTTPService(
                server.parts, options: server.options, doors: [Door(.init(host: "127.0.0.1", port: 0))],
                shutdownDeadline: isReading ? .seconds(30) : .milliseconds(300), logger: server.log.logger(label: "http")
            ) { ready.yield($0[0].address) }
            let hot = try #require(service.hot[0])
            let group = ServiceGroup(services: [service], logger: server.log.logger(label: "group"))
            let running = Task { try await group.run() }
            let port = try #require(await addresses.first { _ in true }).port
            try await TestClient.withClient(host: "127.0.0.1", port: port) { client in
                for _ in 0..<2 { _ = try await client.get(Self.path, headers: [.authorization: "Bearer \(secret)"]) }
            }
            try await RawClient.connect(port).executeThenClose { inbound, outbound in
                try await outbound.write(ByteBuffer(string: Self.request(secret) + Self.request(secret)))
                var reader = inbound.makeAsyncIterator()
                var received = try #require(try await reader.next()).readableBytes
                #expect(hot.count == 1)
                await group.triggerGracefulShutdown()
                if !isReading { try await running.value }
                do {
                    while let part = try await reader.next() { received += part.readableBytes }
                } catch {
                    // A reset is as good an end as any.
                }
                #expect(isReading ? received > bytes.count : received < 2 * bytes.count)
            }
            try await running.value
            #expect(server.log.lines.contains { $0.contains("Cut what was still under way") } == !isReading)
            #expect(server.parts.governance.governor.occupancy.served.values.allSatisfy { $0 == 0 })
        }
    }

    @Test func `a request that came behind one that is answered from memory keeps its connection from being ended for another`()
        async throws
    {
        let server = try await limited {
            $0.connections.total = 2
            $0.concurrency = 4
            $0.queueDeadline = .seconds(30)
        }.heated()
        _ = try await server.add(Self.name, Array("content".utf8))
        let secret = try await server.secret("edge", name: "site")
        let token = try await server.machine("machine-1", in: "edge")
        let governor = server.parts.governance.governor
        try await RawClient.serving(server) { port, hot in
            let hot = try #require(hot)
            try await TestClient.withClient(host: "127.0.0.1", port: port) { client in
                for _ in 0..<2 { _ = try await client.get(Self.path, headers: [.authorization: "Bearer \(secret)"]) }
            }
            try await RawClient.connect(port).executeThenClose { inbound, outbound in
                let herd = try await governor.enter(Visitor(kind: .machines, key: 1))
                let waiting =
                    "GET /v1/client/machine-1/info HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \(token)\r\nConnection: close\r\n\r\n"
                try await outbound.write(ByteBuffer(string: Self.request(secret) + waiting))
                while governor.occupancy.waiting[.machines] == 0 { await Task.yield() }
                #expect(hot.count == 1)
                // Each of these takes somebody's place, as long as anybody is idle.
                try await Self.crowd(3, port)
                herd?.leave()
                var reader = inbound.makeAsyncIterator()
                let text = try await RawClient.answer(&reader)
                #expect(text.components(separatedBy: "HTTP/1.1 200 ").count == 3, "\(text)")
            }
        }
    }

    /// Opens connections that stay idle, one after the other, and closes them again.
    private static func crowd(_ count: Int, _ port: Int) async throws {
        guard count > 0 else { return }
        try await RawClient.connect(port).executeThenClose { inbound, outbound in
            try await outbound.write(ByteBuffer(string: "GET / HTTP/1.1\r\nHost: x\r\n\r\n"))
            var reader = inbound.makeAsyncIterator()
            #expect(try await RawClient.answer(&reader, until: "OK\n").hasPrefix("HTTP/1.1 200 "))
            try await crowd(count - 1, port)
        }
    }
}
