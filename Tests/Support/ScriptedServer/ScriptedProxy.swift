import NIOCore
import NIOPosix
import Synchronization

/// An HTTP proxy on a loopback port that opens tunnels with `CONNECT`, wherever the tunnel is said to lead.
public final class ScriptedProxy: Sendable {
    public let port: Int
    private let channel: any Channel
    private let record: Record

    /// The targets that were asked for, `host:port`, in order, refused ones included.
    public var targets: [String] { record.targets.withLock { $0 } }

    private init(port: Int, channel: any Channel, record: Record) {
        self.port = port
        self.channel = channel
        self.record = record
    }

    /// Starts a proxy.
    /// - Parameters:
    ///   - authorization: what has to stand in `Proxy-Authorization`; 407 for everybody else.
    ///   - routes: where targets are: the port on 127.0.0.1 for each `host:port`; 502 for others.
    public static func start(authorization: String? = nil, routes: [String: Int]) async throws -> ScriptedProxy {
        let record = Record()
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(
                        ConnectHandler(authorization: authorization, routes: routes, record: record))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        guard let port = channel.localAddress?.port else { preconditionFailure("A bound socket has a port") }
        return ScriptedProxy(port: port, channel: channel, record: record)
    }

    /// Takes no more connections. Tunnels end with their ends.
    public func stop() async { try? await channel.close().get() }

    final class Record: Sendable {
        let targets = Mutex<[String]>([])
    }
}

/// Reads one `CONNECT`, then passes bytes on.
private final class ConnectHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let authorization: String?
    private let routes: [String: Int]
    private let record: ScriptedProxy.Record
    private var head = ByteBuffer()
    private var isAsked = false

    init(authorization: String?, routes: [String: Int], record: ScriptedProxy.Record) {
        self.authorization = authorization
        self.routes = routes
        self.record = record
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isAsked else { return context.fireChannelRead(data) }
        var piece = unwrapInboundIn(data)
        head.writeBuffer(&piece)
        let text = String(buffer: head)
        // A client waits for the tunnel before it says anything more.
        guard text.hasSuffix("\r\n\r\n") else { return }
        isAsked = true
        let lines = text.split(separator: "\r\n")
        let target = lines.first?.split(separator: " ").dropFirst().first.map(String.init) ?? ""
        record.targets.withLock { $0.append(target) }
        let given = lines.first { $0.lowercased().hasPrefix("proxy-authorization:") }?.drop { $0 != " " }.dropFirst()
        guard authorization == nil || given.map(String.init) == authorization else {
            return refuse("407 Proxy Authentication Required", context)
        }
        guard let port = routes[target] else { return refuse("502 Bad Gateway", context) }
        open(port, context)
    }

    private func refuse(_ status: String, _ context: ChannelHandlerContext) {
        let channel = context.channel
        channel.writeAndFlush(ByteBuffer(string: "HTTP/1.1 \(status)\r\nContent-Length: 0\r\n\r\n"))
            .whenComplete { _ in channel.close(promise: nil) }
    }

    private func open(_ port: Int, _ context: ChannelHandlerContext) {
        let near = context.channel
        ClientBootstrap(group: near.eventLoop)
            .channelInitializer { far in
                far.eventLoop.makeCompletedFuture { try far.pipeline.syncOperations.addHandler(Passage(to: near)) }
            }
            .connect(host: "127.0.0.1", port: port)
            .flatMap { far in
                near.pipeline.addHandler(Passage(to: far), position: .last)
                    .flatMap { near.writeAndFlush(ByteBuffer(string: "HTTP/1.1 200 Connection established\r\n\r\n")) }
            }
            .whenFailure { _ in near.close(promise: nil) }
    }
}

/// Hands on what arrives on one channel to another, and its end.
private final class Passage: ChannelInboundHandler, Sendable {
    typealias InboundIn = ByteBuffer

    private let other: any Channel

    init(to other: any Channel) { self.other = other }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) { other.writeAndFlush(unwrapInboundIn(data), promise: nil) }

    func channelInactive(context: ChannelHandlerContext) { other.close(promise: nil) }
}
