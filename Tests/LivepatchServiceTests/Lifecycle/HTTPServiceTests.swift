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
        _ server: ServerUnderTest, deadline: Duration, ready: AsyncStream<HTTPService.Address>.Continuation, port: Int = 0,
        stallTimeout: TimeAmount = HTTPService.stallTimeout
    ) -> HTTPService {
        HTTPService(
            server.parts, options: server.options, address: .init(host: "127.0.0.1", port: port), shutdownDeadline: deadline,
            stallTimeout: stallTimeout, logger: server.log.logger(label: "http")
        ) { ready.yield($0) }
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

    /// A client that reads no more than it is asked to.
    private func connect(_ port: Int) async throws -> NIOAsyncChannel<ByteBuffer, ByteBuffer> {
        try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton).connect(host: "127.0.0.1", port: port) {
            channel in
            channel.eventLoop.makeCompletedFuture {
                try NIOAsyncChannel<ByteBuffer, ByteBuffer>(
                    wrappingChannelSynchronously: channel,
                    configuration: .init(backPressureStrategy: .init(lowWatermark: 1, highWatermark: 1)))
            }
        }
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
        let client = try await connect(address.port)
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

    @Test func `a download that nobody takes is given up`() async throws {
        let server = try await ServerUnderTest()
        let file = try await server.add(
            "livepatch-5.15.0-107.117-generic-107.1-amd64.tar.bz2", [UInt8](repeating: 1, count: 64 << 20))
        let secret = try await server.secret("edge")
        let (addresses, ready) = AsyncStream.makeStream(of: HTTPService.Address.self)
        let http = service(server, deadline: .seconds(50), ready: ready, stallTimeout: .milliseconds(300))
        let group = ServiceGroup(services: [http], logger: server.log.logger(label: "group"))
        let running = Task { try await group.run() }
        let address = try #require(await addresses.first { _ in true })
        let client = try await connect(address.port)
        try await client.executeThenClose { inbound, outbound in
            let request = "GET /v1/patches/\(file.name) HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \(secret)\r\n\r\n"
            try await outbound.write(ByteBuffer(string: request))
            var iterator = inbound.makeAsyncIterator()
            _ = try await iterator.next()
            // With the transfer given up, nothing keeps the server from stopping long before its deadline.
            await group.triggerGracefulShutdown()
            try await running.value
        }
        #expect(!server.log.lines.contains { $0.contains("Cut what was still under way") })
    }
}
