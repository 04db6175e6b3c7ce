import Hummingbird
import HummingbirdCore
import LivepatchKit
public import Logging
import NIOCore
public import ServiceLifecycle

#if canImport(Glibc)
    import Glibc
    private let streamSocket = CInt(SOCK_STREAM.rawValue)
#elseif canImport(Musl)
    import Musl
    private let streamSocket = SOCK_STREAM
#else
    import Darwin
    private let streamSocket = SOCK_STREAM
#endif

/// The server's side of the wire as a service: it accepts until it is told to stop, lets transfers under way end within a deadline,
/// and then cuts them.
public struct HTTPService: Service {
    private let listeners: [Listener]
    /// What answers at each door before anybody else is asked.
    let hot: [HotAnswers?]
    private let connections: OpenConnections
    private let shutdownDeadline: Duration
    private let logger: Logger

    /// One address, and what listens there.
    private struct Listener: Sendable {
        let door: Door
        let application: Application<RequestTask<RouterResponder<ServiceRequestContext>>>
    }

    /// Where a server listens.
    public struct Address: Hashable, Sendable {
        /// A name or address; `nil` for every interface.
        public var host: String?
        /// 0 for any free port.
        public var port: Int

        public init(host: String?, port: Int) {
            self.host = host
            self.port = port
        }

        /// Whether nobody on another machine can come in here.
        public var isLoopback: Bool {
            host.map(ClearText.isLoopback) ?? false
        }
    }

    /// How long a client may take to get its encryption started, before it has cost anything else.
    static let handshakeTimeout = TimeAmount.seconds(10)

    /// How many connections may wait to be accepted, at most: a herd comes at once. The system may allow fewer (`net.core.somaxconn`).
    private static let backlog = 4096

    /// - Parameters:
    ///   - doors: where to listen, and what is answered there.
    ///   - tls: what all connections are encrypted with; `nil` for none.
    ///   - shutdownDeadline: how long transfers may go on after the server was told to stop.
    ///   - onReady: told of the doors with the addresses that the server really has, once it accepts at all of them.
    public init(
        _ parts: ServerParts, options: ServerOptions, doors: [Door], tls: ServerTLS? = nil, shutdownDeadline: Duration,
        logger: Logger, onReady: @escaping @Sendable ([Door]) async -> Void
    ) {
        self.init(
            parts, options: options, doors: doors, tls: tls, shutdownDeadline: shutdownDeadline,
            handshakeTimeout: Self.handshakeTimeout, logger: logger, onReady: onReady)
    }

    init(
        _ parts: ServerParts, options: ServerOptions, doors: [Door], tls: ServerTLS? = nil, shutdownDeadline: Duration,
        handshakeTimeout: TimeAmount, logger: Logger, onReady: @escaping @Sendable ([Door]) async -> Void
    ) {
        let connections = OpenConnections(parts.machines.metrics)
        self.connections = connections
        self.shutdownDeadline = shutdownDeadline
        self.logger = logger
        let open = OpenDoors(doors)
        let routes = doors.map { ServerRoutes.routes(parts, options, at: Entrance(apis: $0.apis, tls: tls), logger: logger) }
        hot = routes.map(\.hot)
        listeners = zip(doors, routes).enumerated().map { index, part in
            let (door, routes) = part
            let http = HTTP1Channel.Configuration(
                governance: parts.governance, connections: connections, hot: routes.hot, logger: logger)
            let server = HTTPServerBuilder { responder in
                let plain = HTTP1Channel(responder: responder, configuration: http)
                return tls.map { EncryptedChannel(plain, tls: $0, handshakeTimeout: handshakeTimeout) } ?? plain
            }
            return Listener(
                door: door,
                application: Application(
                    responder: RequestTask(routes.responder),
                    server: server,
                    configuration: ApplicationConfiguration(
                        address: .hostname(door.address.host ?? Self.everyInterface, port: door.address.port),
                        backlog: Self.backlog),
                    onServerRunning: { channel in
                        if let all = open.open(index, port: channel.localAddress?.port) { await onReady(all) }
                    },
                    logger: logger))
        }
    }

    /// Runs until the graceful shutdown.
    /// - Throws: ``LivepatchError`` with the code `unavailable` if the address cannot be had.
    public func run() async throws {
        let (stops, stopping) = AsyncStream.makeStream(of: Void.self)
        let cutter = Task { [connections, shutdownDeadline, logger] in
            for await _ in stops {
                guard (try? await Task.sleep(for: shutdownDeadline)) != nil else { return }
                let cut = connections.closeAll()
                if cut > 0 { logger.warning("Cut what was still under way.", metadata: ["connections": "\(cut)"]) }
            }
        }
        defer { cutter.cancel() }
        try await withGracefulShutdownHandler {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for listener in listeners { group.addTask { try await Self.run(listener) } }
                // One that cannot listen ends the others.
                try await group.waitForAll()
            }
            // Hummingbird knows nothing of what goes on after its part of an answer.
            await withTaskCancellationHandler {
                await connections.closed()
            } onCancel: {
                _ = connections.closeAll()
            }
        } onGracefulShutdown: {
            stopping.yield()
        }
    }

    private static func run(_ listener: Listener) async throws {
        do {
            try await listener.application.run()
        } catch {
            throw LivepatchError(listeningAt: listener.door, failed: error) ?? error
        }
    }

    /// That of IPv6 where the machine has it: it takes IPv4 connections, too.
    static let everyInterface: String = {
        let descriptor = socket(AF_INET6, streamSocket, 0)
        guard descriptor >= 0 else { return "0.0.0.0" }
        close(descriptor)
        return "::"
    }()
}

extension HTTPService.Address: CustomStringConvertible {
    public var description: String {
        guard let host else { return ":\(port)" }
        return host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }
}
