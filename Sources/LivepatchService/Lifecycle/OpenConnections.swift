import Metrics
import NIOCore
import Synchronization

/// The connections that are open, so that they can be cut.
final class OpenConnections: Sendable {
    static let gauge = "livepatch_server_open_connections"

    private let channels = Mutex<[ObjectIdentifier: any Channel]>([:])
    private let meter: Meter

    /// - Parameter metrics: where their number is shown.
    init(_ metrics: any MetricsFactory) {
        meter = Meter(label: Self.gauge, factory: metrics)
        meter.set(0)
    }

    func add(_ channel: any Channel) {
        let id = ObjectIdentifier(channel)
        channels.withLock { $0[id] = channel }
        meter.increment()
        channel.closeFuture.whenComplete { _ in
            self.channels.withLock { $0[id] = nil }
            self.meter.decrement()
        }
    }

    /// - Returns: how many there were.
    func closeAll() -> Int {
        let open = channels.withLock { Array($0.values) }
        for channel in open { channel.triggerUserOutboundEvent(OrderlyClosing.Cut(), promise: nil) }
        return open.count
    }
}

/// Notes each connection when it is made.
final class ConnectionCensus: ChannelInboundHandler, RemovableChannelHandler, Sendable {
    typealias InboundIn = Any

    private let connections: OpenConnections

    init(_ connections: OpenConnections) { self.connections = connections }

    func handlerAdded(context: ChannelHandlerContext) { connections.add(context.channel) }
}
