import LivepatchConfiguration
import LivepatchService

extension ServerLimits {
    /// The limits that are configured.
    init(_ configured: LimitConfiguration) {
        self.init()
        concurrency = configured.concurrency
        burst = configured.burst
        queueDeadline = configured.queueTimeout
        machineRate = configured.machineRate
        downstreamRate = configured.downstreamRate
        registrationRate = configured.registrationRate
        connections.total = configured.connections
        connections.perAddress = configured.connectionsPerAddress
        aside = configured.waitingRequests
        connections.headerBytes = configured.headerSize
        connections.headerCount = configured.headerCount
        connections.targetBytes = configured.targetLength
        connections.headerTime = configured.headerTimeout
        connections.idleTime = configured.idleTimeout
        connections.answerTime = configured.answerTimeout
        connections.minimumRate = configured.minimumRate
        connections.rateWindow = configured.rateWindow
    }
}
