import Hummingbird
import HummingbirdCore
import Logging
import NIOCore

extension HTTP1Channel.Configuration {
    /// What stands in every connection's pipeline. How long a connection may be idle, and all else about its pace, is the
    /// ``ConnectionGuard``'s business alone.
    /// - Parameters:
    ///   - connections: are told of each.
    ///   - hot: answers what it can before anybody else is asked.
    init(governance: Governance, connections: OpenConnections, hot: HotAnswers?, logger: Logger) {
        let limits = governance.limits.connections
        let places = governance.connections
        self.init(
            additionalChannelHandlers: [
                ConnectionCensus(connections), SmallReads(),
                DecoderNeighbours { pipeline, decoder in
                    let connection = ConnectionGuard(limits, places: places, logger: logger)
                    let first = hot.map { HotHandler($0, connection) }
                    // The last comes to stand next to the decoder, and the guard sees what was answered to `Expect`.
                    let handlers: [(any ChannelHandler)?] = [
                        EventStreamHandler(), OrderlyClosing(behind: first), ExpectedContinue(), connection, first,
                    ]
                    for handler in handlers.compactMap(\.self) { try pipeline.addHandler(handler, position: .after(decoder)) }
                    try pipeline.addHandler(ByteCounter(connection), position: .before(decoder))
                    if let first { try pipeline.addHandler(HotShortcut(first), position: .before(decoder)) }
                },
            ],
            httpDecoderConfiguration: .init(
                maxHeaderFieldSize: max(limits.headerBytes, limits.targetBytes),
                maxHeaderListSize: limits.headerBytes + limits.targetBytes, maxHeaderFieldCount: limits.headerCount))
    }
}
