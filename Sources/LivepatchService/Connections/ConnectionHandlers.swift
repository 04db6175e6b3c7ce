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
                ConnectionCensus(connections), SmallReads(), EventStreamInstaller(), HotInstaller(hot),
                ExpectedContinueInstaller(),
                // The last comes to stand next to the decoder, where it sees what was answered to `Expect`.
                ConnectionGuardInstaller(limits, places: places, logger: logger),
            ],
            httpDecoderConfiguration: .init(
                maxHeaderFieldSize: max(limits.headerBytes, limits.targetBytes),
                maxHeaderListSize: limits.headerBytes + limits.targetBytes, maxHeaderFieldCount: limits.headerCount))
    }
}
