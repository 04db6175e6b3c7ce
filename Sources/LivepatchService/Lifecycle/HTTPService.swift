import Hummingbird
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
    private let application: Application<RouterResponder<ServiceRequestContext>>
    private let connections: OpenConnections
    private let shutdownDeadline: Duration
    private let address: Address
    private let logger: Logger

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
    }

    /// How long a connection is kept that no request is under way on.
    private static let idleTimeout = TimeAmount.seconds(75)
    /// How long a request under way may stand still, such as a download that nobody takes: it can be resumed.
    static let stallTimeout = TimeAmount.minutes(5)

    /// - Parameters:
    ///   - shutdownDeadline: how long transfers may go on after the server was told to stop.
    ///   - onReady: told of the address that the server really has, once it accepts.
    public init(
        _ parts: ServerParts, options: ServerOptions, address: Address, shutdownDeadline: Duration, logger: Logger,
        onReady: @escaping @Sendable (Address) async -> Void
    ) {
        self.init(
            parts, options: options, address: address, shutdownDeadline: shutdownDeadline, stallTimeout: Self.stallTimeout,
            logger: logger, onReady: onReady)
    }

    init(
        _ parts: ServerParts, options: ServerOptions, address: Address, shutdownDeadline: Duration, stallTimeout: TimeAmount,
        logger: Logger, onReady: @escaping @Sendable (Address) async -> Void
    ) {
        let connections = OpenConnections(parts.machines.metrics)
        self.connections = connections
        self.shutdownDeadline = shutdownDeadline
        self.address = address
        self.logger = logger
        application = Application(
            responder: ServerRoutes.responder(parts, options),
            server: .http1(
                configuration: .init(
                    additionalChannelHandlers: [
                        IdleStateHandler(allTimeout: stallTimeout), ConnectionCensus(connections), OrderlyClosing(),
                        ExpectedContinueInstaller(),
                    ], idleTimeout: Self.idleTimeout)),
            configuration: ApplicationConfiguration(
                address: .hostname(address.host ?? Self.everyInterface, port: address.port)),
            onServerRunning: { channel in
                await onReady(
                    Address(host: address.host, port: channel.localAddress?.port ?? address.port))
            },
            logger: logger)
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
        do {
            try await withGracefulShutdownHandler {
                try await application.run()
            } onGracefulShutdown: {
                stopping.yield()
            }
        } catch let error as IOError {
            throw LivepatchError(
                .unavailable, "The server cannot listen on \(address): \(Self.reason(error)).",
                suggestion: error.errnoCode == EADDRINUSE
                    ? "Stop what listens there, or set server.server-address to another address." : nil,
                cause: error)
        } catch let error as SocketAddressError {
            throw LivepatchError(
                .configurationInvalid, "The server cannot listen on \(address): the host is not known.",
                suggestion: "Check server.server-address.", cause: error)
        }
    }

    private static func reason(_ error: IOError) -> String {
        switch error.errnoCode {
        case EADDRINUSE: "another program listens there"
        case EACCES: "that takes more rights than this process has"
        case EADDRNOTAVAIL: "this machine has no such address"
        default: String(cString: strerror(error.errnoCode))
        }
    }

    /// That of IPv6 where the machine has it: it takes IPv4 connections, too.
    private static let everyInterface: String = {
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
