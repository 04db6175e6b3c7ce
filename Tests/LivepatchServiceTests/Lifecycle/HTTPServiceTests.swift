import HTTPTypes
import Foundation
import HummingbirdTesting
import LivepatchKit
import LivepatchTesting
import NIOCore
import NIOPosix
import ServiceLifecycle
import Testing

@testable import LivepatchService

@Suite("Starting and stopping", .timeLimit(.minutes(1)))
struct HTTPServiceTests {
    private func service(
        _ server: ServerUnderTest, deadline: Duration, ready: AsyncStream<HTTPService.Address>.Continuation, port: Int = 0
    ) -> HTTPService {
        HTTPService(
            server.parts, options: server.options, doors: [Door(.init(host: "127.0.0.1", port: port))],
            shutdownDeadline: deadline, logger: server.log.logger(label: "http")
        ) { ready.yield($0[0].address) }
    }

    @Test func `tells the port that it got, serves, and stops`() async throws {
        let server = try await ServerUnderTest()
        let (addresses, ready) = AsyncStream.makeStream(of: HTTPService.Address.self)
        let group = ServiceGroup(
            services: [service(server, deadline: .seconds(30), ready: ready)], logger: server.log.logger(label: "group"))
        let running = Task { try await group.run() }
        let address = try #require(await addresses.first { _ in true })
        #expect(address.port > 0)
        try await TestClient.withClient(host: "127.0.0.1", port: address.port) { client in
            let response = try await client.get("/")
            #expect(response.status == .ok)
        }
        await group.triggerGracefulShutdown()
        try await running.value
    }

    @Test func `a port that is taken is one sentence`() async throws {
        let server = try await ServerUnderTest()
        let taken = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton).bind(host: "127.0.0.1", port: 0).get()
        defer { taken.close(promise: nil) }
        let port = try #require(taken.localAddress?.port)
        let (_, ready) = AsyncStream.makeStream(of: HTTPService.Address.self)
        let group = ServiceGroup(
            services: [service(server, deadline: .zero, ready: ready, port: port)], logger: server.log.logger(label: "group"))
        let error = await #expect(throws: LivepatchError.self) { try await group.run() }
        #expect(error?.message == "The server cannot listen on 127.0.0.1:\(port): another program listens there.")
    }

    @Test func `a transfer under way is let go on until the deadline, and then cut`() async throws {
        let server = try await ServerUnderTest()
        let bytes = [UInt8](repeating: 1, count: 64 << 20)
        let file = try await server.add("livepatch-5.15.0-107.117-generic-107.1-amd64.tar.bz2", bytes)
        let secret = try await server.secret("edge")
        let (addresses, ready) = AsyncStream.makeStream(of: HTTPService.Address.self)
        let group = ServiceGroup(
            services: [service(server, deadline: .milliseconds(300), ready: ready)], logger: server.log.logger(label: "group"))
        let running = Task { try await group.run() }
        let address = try #require(await addresses.first { _ in true })
        let client = try await RawClient.connect(address.port)
        try await client.executeThenClose { inbound, outbound in
            let request = "GET /v1/patches/\(file.name) HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \(secret)\r\n\r\n"
            try await outbound.write(ByteBuffer(string: request))
            var iterator = inbound.makeAsyncIterator()
            var received = try #require(try await iterator.next()).readableBytes
            let start = ContinuousClock.now
            await group.triggerGracefulShutdown()
            try await running.value
            #expect(ContinuousClock.now - start >= .milliseconds(250), "it was given its time")
            do {
                while let part = try await iterator.next() { received += part.readableBytes }
            } catch {
                // A reset is as good an end as any.
            }
            #expect(received < bytes.count)
        }
        #expect(server.log.lines.contains { $0.contains("Cut what was still under way") })
    }

    @Test func `a client that waits with its upload is told to go on, or why not to`() async throws {
        let server = try await ServerUnderTest()
        let session = try await server.session()
        let (addresses, ready) = AsyncStream.makeStream(of: HTTPService.Address.self)
        let group = ServiceGroup(
            services: [service(server, deadline: .seconds(30), ready: ready)], logger: server.log.logger(label: "group"))
        let running = Task { try await group.run() }
        let address = try #require(await addresses.first { _ in true })
        func request(_ token: String, length: Int) -> ByteBuffer {
            ByteBuffer(
                string: "PUT /v1/admin/patch-files/\(ImportTests.name) HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \(token)\r\n"
                    + "Expect: 100-continue\r\nContent-Length: \(length)\r\n\r\n")
        }

        // The archive reader of this server refuses what it has read to the end.
        try await RawClient.connect(address.port).executeThenClose { inbound, outbound in
            var iterator = inbound.makeAsyncIterator()
            for _ in 0..<2 {
                try await outbound.write(request(session, length: 10))
                #expect(try await RawClient.answer(&iterator, until: "\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n")
                try await outbound.write(ByteBuffer(string: "0123456789"))
                let final = try await RawClient.answer(&iterator, until: "}")
                #expect(final.hasPrefix("HTTP/1.1 422 "), "\(final)")
                #expect(!final.lowercased().contains("connection: close"))
            }
        }
        // Whoever is refused hears so at once, and then the end of the connection, without having sent a byte of the body.
        for (token, length, status) in [("nonsense", 10, "401"), (session, 5000, "413")] {
            try await RawClient.connect(address.port).executeThenClose { inbound, outbound in
                var iterator = inbound.makeAsyncIterator()
                try await outbound.write(request(token, length: length))
                let final = try await RawClient.answer(&iterator)
                #expect(final.hasPrefix("HTTP/1.1 \(status) "), "\(final)")
                #expect(final.lowercased().contains("connection: close"))
                #expect(final.hasSuffix("}"))
            }
        }
        await group.triggerGracefulShutdown()
        try await running.value
    }
}
