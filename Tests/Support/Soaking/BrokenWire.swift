import NIOCore
import NIOPosix
import PatchGenerator
import Synchronization

/// What happens to connections on their way.
struct Weather: Sendable {
    /// The share of connections that are cut somewhere, 0 to 1.
    var cuts: Double
    /// The share of connections in which a byte of what the server says is changed, 0 to 1.
    var corruption: Double
    /// Where that happens: up to so many bytes from the beginning.
    var reach = 120_000

    static let fair = Weather(cuts: 0, corruption: 0)
}

/// A loopback port from which connections lead to a server, wherever that is at the moment, in any weather.
final class BrokenWire: Sendable {
    fileprivate struct State {
        var target: Int?
        var weather = Weather.fair
        var random: SeededRandom
        var open: [ObjectIdentifier: any Channel] = [:]
    }

    let port: Int
    private let channel: any Channel
    private let state: Box

    fileprivate final class Box: Sendable {
        private let state: Mutex<State>

        init(_ random: SeededRandom) { state = Mutex(State(random: random)) }

        func withLock<Value: Sendable>(_ body: (inout sending State) -> sending Value) -> Value { state.withLock(body) }

        /// Where a new connection leads, and what becomes of it.
        fileprivate func begin(_ near: any Channel) -> (port: Int?, fate: Fate) {
            withLock { state in
                state.open[ObjectIdentifier(near)] = near
                return (state.target, Fate(state.weather, &state.random))
            }
        }

        func end(_ near: any Channel) { withLock { $0.open[ObjectIdentifier(near)] = nil } }
    }

    var url: String { "http://127.0.0.1:\(port)" }

    private init(port: Int, channel: any Channel, state: Box) {
        self.port = port
        self.channel = channel
        self.state = state
    }

    static func start(_ random: SeededRandom) async throws -> BrokenWire {
        let box = Box(random)
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.autoRead, value: false)
            .childChannelInitializer { near in
                near.eventLoop.makeCompletedFuture {
                    try near.pipeline.syncOperations.addHandler(Entrance(box))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        guard let port = channel.localAddress?.port else { preconditionFailure("A bound socket has a port") }
        return BrokenWire(port: port, channel: channel, state: box)
    }

    /// Leads new connections to another port.
    func lead(to port: Int?) { state.withLock { $0.target = port } }

    /// Changes what becomes of new connections. Those that are open are cut when it clears up, so that none keeps its fate.
    func become(_ weather: Weather) {
        let open = state.withLock { state in
            state.weather = weather
            return weather.cuts == 0 ? Array(state.open.values) : []
        }
        for channel in open { channel.close(promise: nil) }
    }

    func stop() async { try? await channel.close().get() }
}

/// What becomes of one connection.
fileprivate struct Fate: Sendable {
    /// After how many bytes, in either direction, it is cut.
    var cut: Int?
    /// Which byte of the server's is changed.
    var spoiled: Int?

    init(_ weather: Weather, _ random: inout SeededRandom) {
        // Often near the beginning, where heads and documents are.
        func place() -> Int {
            Int.random(in: 1...max(2, Bool.random(using: &random) ? weather.reach : weather.reach / 40), using: &random)
        }
        if Double.random(in: 0..<1, using: &random) < weather.cuts { cut = place() }
        if Double.random(in: 0..<1, using: &random) < weather.corruption { spoiled = place() }
    }
}

/// Opens the way to the server as soon as somebody comes.
private final class Entrance: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer

    private let state: BrokenWire.Box

    init(_ state: BrokenWire.Box) { self.state = state }

    func channelActive(context: ChannelHandlerContext) {
        let near = context.channel
        let state = state
        let (port, fate) = state.begin(near)
        near.closeFuture.whenComplete { _ in state.end(near) }
        guard let port else { return near.close(promise: nil) }
        ClientBootstrap(group: near.eventLoop)
            .channelOption(.autoRead, value: false)
            .channelInitializer { far in
                far.eventLoop.makeCompletedFuture {
                    try far.pipeline.syncOperations.addHandler(Passage(to: near, cut: fate.cut, spoiled: fate.spoiled))
                }
            }
            .connect(host: "127.0.0.1", port: port)
            .flatMap { far in
                near.eventLoop.makeCompletedFuture {
                    try near.pipeline.syncOperations.addHandler(Passage(to: far, cut: fate.cut, spoiled: nil))
                }
                .flatMap { near.setOption(.autoRead, value: true) }
                .flatMap { far.setOption(.autoRead, value: true) }
            }
            .whenFailure { _ in near.close(promise: nil) }
        context.fireChannelActive()
    }
}

/// Hands on what arrives, until the connection is cut.
private final class Passage: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let other: any Channel
    private let cut: Int?
    private let spoiled: Int?
    private var passed = 0

    init(to other: any Channel, cut: Int?, spoiled: Int?) {
        self.other = other
        self.cut = cut
        self.spoiled = spoiled
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        if let spoiled, (passed..<passed + bytes.readableBytes).contains(spoiled) {
            let index = bytes.readerIndex + spoiled - passed
            if let byte = bytes.getInteger(at: index, as: UInt8.self) { bytes.setInteger(byte ^ 0x15, at: index) }
        }
        if let cut, passed + bytes.readableBytes >= cut {
            let rest = bytes.readSlice(length: max(0, cut - passed)) ?? ByteBuffer()
            passed = cut
            let (near, far) = (context.channel, other)
            far.writeAndFlush(rest).whenComplete { _ in
                far.close(promise: nil)
                near.close(promise: nil)
            }
            return
        }
        passed += bytes.readableBytes
        other.writeAndFlush(bytes, promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) { other.close(promise: nil) }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
