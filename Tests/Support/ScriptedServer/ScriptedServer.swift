import NIOCore
import NIOHTTP1
import NIOPosix
public import NIOSSL
import Synchronization

/// An HTTP server on a loopback port that does what it is told, right or wrong.
///
/// ```swift
/// let server = try await ScriptedServer.start { request in .content(bytes, for: request).truncated(after: 100) }
/// // … ask server.url …
/// await server.stop()
/// ```
public final class ScriptedServer: Sendable {
    /// What decides the answers. It may be asked for several requests at once.
    public typealias Script = @Sendable (ScriptedRequest) async throws -> ScriptedAnswer

    /// How much of a request's body is kept for ``ScriptedRequest/body``.
    public static let keptBodyBytes = 1 << 20

    /// On 127.0.0.1, chosen by the system.
    public let port: Int
    private let isSecure: Bool
    private let listener: any Channel
    private let serving: ScriptedConnections
    private let record: Record

    /// The server's URL, without a `/` at its end; with TLS the host is `localhost`.
    public var url: String { isSecure ? "https://localhost:\(port)" : "http://127.0.0.1:\(port)" }

    /// All requests so far, in the order in which they arrived.
    public var requests: [ScriptedRequest] { record.requests.withLock { $0 } }

    /// The bytes of answers that the connections have taken so far, heads included.
    public var bytesSent: Int64 { record.bytesSent.withLock { $0 } }

    /// Connections that were accepted so far, and those that are open.
    public var connections: (accepted: Int, open: Int) { record.connections.withLock { $0 } }

    private init(port: Int, isSecure: Bool, listener: any Channel, serving: ScriptedConnections, record: Record) {
        self.port = port
        self.isSecure = isSecure
        self.listener = listener
        self.serving = serving
        self.record = record
    }

    deinit {
        listener.close(promise: nil)
        serving.cancel()
    }

    /// Starts a server.
    /// - Parameters:
    ///   - tls: the server's side of TLS; `nil` for none.
    ///   - readsBodies: whether a request's body is read before the script is asked. If not, the answer is sent at once, the
    ///     body is left lying, and the connection ends after the answer.
    public static func start(
        tls: TLSConfiguration? = nil, readsBodies: Bool = true, _ script: @escaping Script
    ) async throws -> ScriptedServer {
        let context = try tls.map { try NIOSSLContext(configuration: $0) }
        let record = Record()
        let serving = ScriptedConnections()
        let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            // Small, and thereby fixed: what a client can send to a server that does not read does not depend on the system.
            .serverChannelOption(.socketOption(.so_rcvbuf), value: 128 << 10)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if let context { try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: context)) }
                    try channel.pipeline.syncOperations.addHandler(ByteToMessageHandler(HTTPRequestDecoder()))
                    let connection = try NIOAsyncChannel(
                        wrappingChannelSynchronously: channel,
                        configuration: .init(inboundType: HTTPServerRequestPart.self, outboundType: ByteBuffer.self))
                    let number = record.connections.withLock { connections in
                        connections.accepted += 1
                        connections.open += 1
                        return connections.accepted
                    }
                    serving.begin(number) {
                        defer { record.connections.withLock { $0.open -= 1 } }
                        // A connection that breaks is what these tests are about.
                        try? await ScriptedConnection(
                            number: number, channel: connection, script: script, readsBodies: readsBodies, record: record
                        ).serve()
                    }
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        guard let port = listener.localAddress?.port else { preconditionFailure("A bound socket has a port") }
        return ScriptedServer(port: port, isSecure: tls != nil, listener: listener, serving: serving, record: record)
    }

    /// Ends all connections and the server; its port refuses connections afterwards.
    public func stop() async {
        try? await listener.close().get()
        await serving.end()
    }

    /// What the server remembers of itself.
    final class Record: Sendable {
        let requests = Mutex<[ScriptedRequest]>([])
        let bytesSent = Mutex<Int64>(0)
        let connections = Mutex<(accepted: Int, open: Int)>((0, 0))
    }
}
