import AsyncHTTPClient
import Foundation
import LivepatchAPI
import LivepatchKit
import LivepatchTLS
import MetricsTestKit
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import ServiceLifecycle
import TestCertificates
import Testing

@testable import LivepatchService

@Suite("Serving with TLS", .timeLimit(.minutes(1)))
struct TLSTests {
    /// A server on a real socket, whose certificate lies in a directory.
    private struct Running {
        let server: ServerUnderTest
        let directory: String
        let authority: TestAuthority
        let tls: ServerTLS
        let port: Int
        /// What answers downloads before the handlers do, if anything does.
        let hot: HotAnswers?
        /// Until the server has stopped.
        let ended: Task<Void, any Error>
        var url: String { "https://localhost:\(port)" }

        /// Connects with one authority trusted and sends a request.
        func get(
            _ path: String = "/", token: String? = nil, trusting authority: TestAuthority? = nil,
            as client: TestAuthority.Pair? = nil, newest: TLSVersion? = nil
        ) async throws -> (status: Int, body: String) {
            var configuration = TLSConfiguration.makeClientConfiguration()
            configuration.minimumTLSVersion = .tlsv1
            configuration.maximumTLSVersion = newest
            configuration.trustRoots = .certificates(
                try NIOSSLCertificate.fromPEMBytes(Array(try (authority ?? self.authority).pem.utf8)))
            if let client {
                configuration.certificateChain = try NIOSSLCertificate.fromPEMBytes(Array(client.certificate.utf8))
                    .map { .certificate($0) }
                configuration.privateKey = .privateKey(try NIOSSLPrivateKey(bytes: Array(client.key.utf8), format: .pem))
            }
            var options = HTTPClient.Configuration(tlsConfiguration: configuration)
            options.connectionPool.retryConnectionEstablishment = false
            let http = HTTPClient(configuration: options)
            do {
                var request = HTTPClientRequest(url: url + path)
                if let token { request.headers.add(name: "authorization", value: "Bearer \(token)") }
                let response = try await http.execute(request, timeout: .seconds(20))
                let body = String(buffer: try await response.body.collect(upTo: 1 << 20))
                try await http.shutdown()
                return (Int(response.status.code), body)
            } catch {
                try? await http.shutdown()
                throw error
            }
        }
    }

    private func with(
        minimum: TLSSettings.Version = .tls12, clients: TLSSettings.ClientCertificates = .none,
        handshakeTimeout: TimeAmount = HTTPService.handshakeTimeout,
        deadline: Duration = .seconds(30), limits: ServerLimits = ServerLimits(), wire: Wire = .connection,
        _ body: (Running, ServiceGroup) async throws -> Void
    ) async throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "tls-\(UUID())").path
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let authority = try TestAuthority()
        let files = try authority.issue().write(to: directory, as: "server")
        let tls = try ServerTLS(
            TLSSettings(
                certificate: files.certificate, key: files.key, minimumVersion: minimum,
                clientAuthorities: try authority.write(to: directory), clientCertificates: clients), now: Date())
        var server = try await ServerUnderTest()
        server.parts.governance = Governance(limits, metrics: server.metrics, logger: server.log.logger(label: "governor"))
        if wire == .hot { server = server.heated() }
        let (ready, isReady) = AsyncStream.makeStream(of: [Door].self)
        let service = HTTPService(
            server.parts, options: server.options, doors: [Door(.init(host: "127.0.0.1", port: 0))], tls: tls,
            shutdownDeadline: deadline, handshakeTimeout: handshakeTimeout,
            logger: server.log.logger(label: "http")
        ) { isReady.yield($0) }
        let group = ServiceGroup(services: [service], logger: server.log.logger(label: "group"))
        let running = Task { try await group.run() }
        let result: Result<Void, any Error>
        do {
            let doors = try #require(await ready.first { _ in true })
            try await body(
                Running(
                    server: server, directory: directory, authority: authority, tls: tls, port: doors[0].address.port,
                    hot: service.hot[0], ended: running), group)
            result = .success(())
        } catch {
            result = .failure(error)
        }
        await group.triggerGracefulShutdown()
        try await running.value
        try result.get()
    }

    /// A client that reads no more than it is asked to.
    private func connect(_ port: Int) async throws -> NIOAsyncChannel<ByteBuffer, ByteBuffer> {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.certificateVerification = .none
        let context = try NIOSSLContext(configuration: configuration)
        return try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connect(host: "127.0.0.1", port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(
                        NIOSSLClientHandler(context: context, serverHostname: "localhost"))
                    return try NIOAsyncChannel<ByteBuffer, ByteBuffer>(
                        wrappingChannelSynchronously: channel,
                        configuration: .init(backPressureStrategy: .init(lowWatermark: 1, highWatermark: 1)))
                }
            }
    }

    @Test func `answers whoever trusts its authority, and is in the state of the server`() async throws {
        try await with { running, _ in
            #expect(try await running.get().status == 200)
            #expect(try await running.get("/debug/status").body.contains(#""tls":{"status":"OK"}"#))
            let stranger = try TestAuthority("Another authority")
            await #expect(throws: (any Error).self) { try await running.get(trusting: stranger) }
        }
    }

    @Test(arguments: [(TLSSettings.Version.tls12, TLSVersion.tlsv11), (.tls13, .tlsv12)])
    func `refuses versions of TLS that are too old`(least: TLSSettings.Version, spoken: TLSVersion) async throws {
        try await with(minimum: least) { running, _ in
            await #expect(throws: (any Error).self) { try await running.get(newest: spoken) }
            let status = try await running.get().status
            #expect(status == 200)
        }
    }

    @Test func `does not wait for whoever connects and says nothing`() async throws {
        try await with(handshakeTimeout: .milliseconds(200)) { running, _ in
            let silent = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .connect(host: "127.0.0.1", port: running.port).get()
            try await silent.closeFuture.get()
        }
    }

    @Test func `has a renewed certificate for new connections, while a download goes on with the old one`() async throws {
        try await with { running, _ in
            let bytes = [UInt8](repeating: 7, count: 48 << 20)
            let file = try await running.server.add("livepatch-5.15.0-107.117-generic-107.1-amd64.tar.bz2", bytes)
            var configuration = TLSConfiguration.makeClientConfiguration()
            configuration.trustRoots = .certificates(
                try NIOSSLCertificate.fromPEMBytes(Array(try running.authority.pem.utf8)))
            let http = HTTPClient(configuration: HTTPClient.Configuration(tlsConfiguration: configuration))
            // Whatever fails below: a client that is let go of without this ends the process.
            defer { http.shutdown { _ in } }
            var request = HTTPClientRequest(url: running.url + Paths.patchFile(file.name))
            request.headers.add(name: "authorization", value: "Bearer \(try await running.server.secret("edge"))")
            let response = try await http.execute(request, timeout: .seconds(50))
            var iterator = response.body.makeAsyncIterator()
            var received = try #require(try await iterator.next()).readableBytes

            let other = try TestAuthority("A new authority")
            try other.issue().write(to: running.directory, as: "server")
            guard case .renewed = running.tls.look(now: Date(), isAsked: true) else {
                Issue.record("It was not renewed.")
                return
            }
            #expect(try await running.get(trusting: other).status == 200)
            await #expect(throws: (any Error).self) { try await running.get() }

            while let part = try await iterator.next() { received += part.readableBytes }
            #expect(received == bytes.count)
        }
    }

    @Test func `goes on with what it has when the files cannot be used, and says so`() async throws {
        try await with { running, _ in
            let pair = try running.authority.issue("renewed")
            try TestAuthority.Pair(certificate: pair.certificate, key: try running.authority.issue().key)
                .write(to: running.directory, as: "server")
            let renewal = TLSRenewalService(
                running.tls, logger: running.server.log.logger(label: "tls"), now: { Date() })
            await renewal.look(isAsked: true)
            #expect(
                running.server.log.lines.contains { $0.contains("does not fit the first certificate") && $0.contains("error") })
            #expect(try await running.get("/debug/status").body.contains(#""tls":{"status":"not renewed"}"#))
            try pair.write(to: running.directory, as: "server")
            await renewal.look(isAsked: true)
            #expect(running.server.log.lines.contains { $0.contains("New connections have a new TLS certificate") })
            #expect(try await running.get("/debug/status").body.contains(#""tls":{"status":"OK"}"#))
        }
    }

    @Test func `takes files up by itself once they have stopped changing`() async throws {
        try await with { running, _ in
            let pauses = CountedPauses(3)
            try running.authority.issue("renewed").write(to: running.directory, as: "server")
            let log = CapturedLog()
            try await pauses.run(
                TLSRenewalService(running.tls, logger: log.logger(label: "tls"), sleep: pauses.sleep, now: { Date() }), log: log)
            #expect(log.lines.filter { $0.contains("New connections have a new TLS certificate") }.count == 1)
        }
    }

    @Test(arguments: Wire.connections)
    func `asks those with sync tokens for a certificate, and nobody else`(_ wire: Wire) async throws {
        try await with(clients: .requiredFromDownstreams, wire: wire) { running, _ in
            let file = try await running.server.add(
                "livepatch-5.15.0-107.117-generic-107.1-amd64.tar.bz2", [1, 2, 3], upTo: "edge")
            let token = try await running.server.secret("edge")
            let machine = try await running.server.machine("b08dfa6083e7567a1921a715000001fb", in: "edge")
            let administrator = try await running.server.session()
            for path in [Paths.syncHead] + Array(repeating: Paths.patchFile(file.name), count: 3) {
                let refused = try await running.get(path, token: token)
                #expect(refused.status == 403)
                #expect(refused.body.contains("client-certificate-required"))
                #expect(try await running.get(path, token: token, as: running.authority.issue("site")).status == 200)
                #expect(try await running.get(path, token: machine).status == 200)
            }
            #expect(running.hot?.count == (wire == .hot ? 4 : nil))
            #expect(try await running.get(Paths.tiers, token: administrator).status == 200)
            #expect(
                running.server.log.lines.contains { $0.contains("synctoken_authn_failed:no_client_certificate") })
        }
    }

    @Test func `a file from memory is sent whole, and cut off from who reads too slowly`() async throws {
        var limits = ServerLimits()
        limits.connections.minimumRate = 10_000
        limits.connections.rateWindow = .milliseconds(500)
        try await with(limits: limits, wire: .hot) { running, _ in
            let bytes = (0..<(8 << 20)).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 5) }
            let file = try await running.server.add("livepatch-5.15.0-107.117-generic-107.1-amd64.tar.bz2", bytes)
            let secret = try await running.server.secret("edge")
            let request = "GET /v1/patches/\(file.name) HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \(secret)\r\n\r\n"
            for number in 0..<3 {
                try await connect(running.port).executeThenClose { inbound, outbound in
                    try await outbound.write(ByteBuffer(string: request))
                    var answer: [UInt8] = []
                    for try await part in inbound {
                        answer += part.readableBytesView
                        if answer.count > bytes.count, answer.suffix(bytes.count) == bytes[...] { break }
                    }
                    #expect(answer.suffix(bytes.count) == bytes[...])
                }
                #expect(running.hot?.count == (number < 2 ? 0 : 1))
            }
            try await connect(running.port).executeThenClose { inbound, outbound in
                for _ in 0..<8 { try await outbound.write(ByteBuffer(string: request)) }
                var iterator = inbound.makeAsyncIterator()
                _ = try await iterator.next()
                let ended = try running.server.metrics.expectCounter(ConnectionPlaces.ended, [("reason", "slow-reader")])
                while ended.totalValue == 0 {
                    try Task.checkCancellation()
                    await Task.yield()
                }
            }
        }
    }

    @Test(arguments: [TLSSettings.ClientCertificates.optional, .requiredFromDownstreams])
    func `refuses certificates of other authorities and those that have expired`(
        clients: TLSSettings.ClientCertificates
    ) async throws {
        try await with(clients: clients) { running, _ in
            let token = try await running.server.secret("edge")
            let stranger = try TestAuthority("Another authority").issue("site")
            await #expect(throws: (any Error).self) { try await running.get(Paths.syncHead, token: token, as: stranger) }
            let old = try running.authority.issue("site", from: -7200, until: -3600)
            await #expect(throws: (any Error).self) { try await running.get(Paths.syncHead, token: token, as: old) }
            #expect(running.server.log.lines.contains { $0.contains("is not a valid one of an accepted authority") })
            let status = try await running.get(Paths.syncHead, token: token).status
            #expect(status == (clients == .optional ? 200 : 403))
        }
    }

    @Test func `cuts off who reads too slowly, or sends a header that does not end`() async throws {
        var limits = ServerLimits()
        limits.connections.headerTime = .seconds(1)
        limits.connections.minimumRate = 10_000
        limits.connections.rateWindow = .milliseconds(200)
        try await with(limits: limits) { running, _ in
            let file = try await running.server.add(
                "livepatch-5.15.0-107.117-generic-107.1-amd64.tar.bz2", [UInt8](repeating: 1, count: 64 << 20))
            let secret = try await running.server.secret("edge")
            try await connect(running.port).executeThenClose { inbound, outbound in
                let request = "GET /v1/patches/\(file.name) HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \(secret)\r\n\r\n"
                try await outbound.write(ByteBuffer(string: request))
                var iterator = inbound.makeAsyncIterator()
                _ = try await iterator.next()
                while running.server.parts.governance.connections.count > 0 {
                    try Task.checkCancellation()
                    await Task.yield()
                }
            }
            #expect(running.server.log.lines.contains { $0.contains("slow-reader") })
            try await connect(running.port).executeThenClose { inbound, outbound in
                try await outbound.write(ByteBuffer(string: "GET / HTTP/1.1\r\nHost: x\r\nX-Slow: "))
                var iterator = inbound.makeAsyncIterator()
                let answer = try await RawClient.answer(&iterator)
                #expect(answer.hasPrefix("HTTP/1.1 408 "), "\(answer)")
            }
        }
    }

    @Test func `ends in time when a client neither reads nor says goodbye`() async throws {
        try await with(deadline: .milliseconds(200)) { running, group in
            let file = try await running.server.add(
                "livepatch-5.15.0-107.117-generic-107.1-amd64.tar.bz2", [UInt8](repeating: 1, count: 64 << 20))
            let secret = try await running.server.secret("edge")
            try await connect(running.port).executeThenClose { inbound, outbound in
                let request = "GET /v1/patches/\(file.name) HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \(secret)\r\n\r\n"
                try await outbound.write(ByteBuffer(string: request))
                var iterator = inbound.makeAsyncIterator()
                _ = try await iterator.next()
                await group.triggerGracefulShutdown()
                // The deadline, and the little that the end of TLS is waited for.
                try await running.ended.value
            }
            #expect(running.server.log.lines.contains { $0.contains("Cut what was still under way") })
        }
    }

    @Test func `expires with warnings, and shows when`() async throws {
        let end = Date(timeIntervalSince1970: 1_750_000_000)
        let certificate = ExpiringCertificate(name: "server", words: "The certificate", end: end, remedy: "Renew it.")
        let days: [(left: Double, words: String?)] = [
            (31, nil), (29, "within 30 days"), (6, "within 7 days"), (0.5, "within a day"), (-1, "expired at"),
        ]
        for (left, words) in days {
            let warning = certificate.warning(at: end - left * 86_400)
            #expect(warning == nil ? words == nil : warning?.message.contains(words ?? "-") == true)
        }
    }
}
