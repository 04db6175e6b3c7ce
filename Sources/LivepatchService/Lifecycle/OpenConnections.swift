import Metrics
import NIOCore
import Synchronization

/// The connections that are open, so that they can be cut.
final class OpenConnections: Sendable {
    static let gauge = "livepatch_server_open_connections"

    private struct State {
        var channels: [ObjectIdentifier: any Channel] = [:]
        /// Those who wait until there is none.
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())
    private let meter: Meter

    /// - Parameter metrics: where their number is shown.
    init(_ metrics: any MetricsFactory) {
        meter = Meter(label: Self.gauge, factory: metrics)
        meter.set(0)
    }

    func add(_ channel: any Channel) {
        let id = ObjectIdentifier(channel)
        state.withLock { $0.channels[id] = channel }
        meter.increment()
        channel.closeFuture.whenComplete { _ in
            let waiting = self.state.withLock { state in
                state.channels[id] = nil
                guard state.channels.isEmpty else { return [CheckedContinuation<Void, Never>]() }
                defer { state.waiting = [] }
                return state.waiting
            }
            self.meter.decrement()
            for continuation in waiting { continuation.resume() }
        }
    }

    /// Waits until there is none.
    func closed() async {
        await withCheckedContinuation { continuation in
            let areClosed = state.withLock { state in
                if !state.channels.isEmpty { state.waiting.append(continuation) }
                return state.channels.isEmpty
            }
            if areClosed { continuation.resume() }
        }
    }

    /// - Returns: how many there were.
    func closeAll() -> Int {
        let open = state.withLock { Array($0.channels.values) }
        for channel in open { channel.triggerUserOutboundEvent(OrderlyClosing.Cut(), promise: nil) }
        return open.count
    }
}

/// Notes each connection when it is made.
final class ConnectionCensus: ChannelInboundHandler, RemovableChannelHandler, Sendable {
    typealias InboundIn = Any

    private let connections: OpenConnections

    init(_ connections: OpenConnections) { self.connections = connections }

    func handlerAdded(context: ChannelHandlerContext) {
        connections.add(context.channel)
        context.pipeline.syncOperations.removeHandler(context: context, promise: nil)
    }
}
