import LivepatchKit
import NIOCore
import NIOPosix
import ServiceLifecycle

@testable import LivepatchService

/// Connections that do what a test wants with a server that really listens, and no more.
enum RawClient {
    typealias Connection = NIOAsyncChannel<ByteBuffer, ByteBuffer>
    typealias Reader = NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator

    /// A client that reads no more than it is asked to.
    static func connect(_ port: Int) async throws -> Connection {
        try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton).connect(host: "127.0.0.1", port: port) {
            channel in
            channel.eventLoop.makeCompletedFuture {
                try Connection(
                    wrappingChannelSynchronously: channel,
                    configuration: .init(backPressureStrategy: .init(lowWatermark: 1, highWatermark: 1)))
            }
        }
    }

    /// What is answered, until that has these words, or to its end.
    @concurrent static func answer(_ reader: inout Reader, until words: String = "nothing: all that comes") async throws -> String
    {
        var text = ""
        do {
            while !text.contains(words), let part = try await reader.next() { text += String(buffer: part) }
        } catch {
            // A reset is as good an end as any.
        }
        return text
    }

    /// Sends something on a connection of its own, and reads all that comes until the server ends it.
    static func exchange(_ port: Int, _ request: String) async throws -> String {
        try await connect(port).executeThenClose { inbound, outbound in
            // Whoever is not let in at all may find that out here, or when reading.
            try? await outbound.write(ByteBuffer(string: request))
            var reader = inbound.makeAsyncIterator()
            return try await answer(&reader)
        }
    }

    /// Runs a server while something is done with its port.
    static func with(_ server: ServerUnderTest, _ body: (_ port: Int) async throws -> Void) async throws {
        try await serving(server) { port, _ in try await body(port) }
    }

    /// Runs a server while something is done with its port.
    /// - Parameter body: given what answers downloads before anybody else is asked, too, if anything does.
    static func serving(
        _ server: ServerUnderTest, tls: ServerTLS? = nil, _ body: (_ port: Int, _ hot: HotAnswers?) async throws -> Void
    ) async throws {
        let (addresses, ready) = AsyncStream.makeStream(of: HTTPService.Address.self)
        let service = HTTPService(
            server.parts, options: server.options, doors: [Door(.init(host: "127.0.0.1", port: 0))], tls: tls,
            shutdownDeadline: .zero, logger: server.log.logger(label: "http")
        ) { ready.yield($0[0].address) }
        let group = ServiceGroup(services: [service], logger: server.log.logger(label: "group"))
        let running = Task { try await group.run() }
        var port = 0
        for await address in addresses {
            port = address.port
            break
        }
        do {
            try await body(port, service.hot.first ?? nil)
        } catch {
            await group.triggerGracefulShutdown()
            _ = try? await running.value
            throw error
        }
        await group.triggerGracefulShutdown()
        try await running.value
    }
}
