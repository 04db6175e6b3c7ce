/// What the server takes at most, and from whom.
public struct LimitConfiguration: Hashable, Sendable {
    /// Requests served at a time.
    public let concurrency: Int
    /// Requests that wait besides.
    public let burst: Int
    /// How long they wait.
    public let queueTimeout: Duration
    /// Requests a minute of one machine; 0 for any number.
    public let machineRate: Int
    /// Requests a minute with one sync token; 0 for any number.
    public let downstreamRate: Int
    /// Refused registrations a minute from one address; 0 for any number.
    public let registrationRate: Int
    public let connections: Int
    /// 0 for any number.
    public let connectionsPerAddress: Int
    /// Requests that are held open until something happens.
    public let waitingRequests: Int
    /// In bytes.
    public let headerSize: Int
    public let headerCount: Int
    /// In bytes.
    public let targetLength: Int
    public let headerTimeout: Duration
    public let idleTimeout: Duration
    public let answerTimeout: Duration
    /// In bytes a second; 0 for any.
    public let minimumRate: Int
    public let rateWindow: Duration

    init(_ reading: inout ConfigurationReading) {
        concurrency = reading.value(LimitSettings.concurrency)
        burst = reading.value(LimitSettings.burst)
        queueTimeout = reading.value(LimitSettings.queueTimeout)
        machineRate = reading.value(LimitSettings.machineRate)
        downstreamRate = reading.value(LimitSettings.downstreamRate)
        registrationRate = reading.value(LimitSettings.registrationRate)
        connections = reading.value(LimitSettings.connections)
        connectionsPerAddress = reading.value(LimitSettings.connectionsPerAddress)
        waitingRequests = reading.value(LimitSettings.waitingRequests)
        headerSize = Int(reading.value(LimitSettings.headerSize))
        headerCount = reading.value(LimitSettings.headerCount)
        targetLength = Int(reading.value(LimitSettings.targetLength))
        headerTimeout = reading.value(LimitSettings.headerTimeout)
        idleTimeout = reading.value(LimitSettings.idleTimeout)
        answerTimeout = reading.value(LimitSettings.answerTimeout)
        minimumRate = Int(reading.value(LimitSettings.minimumRate))
        rateWindow = reading.value(LimitSettings.rateWindow)
    }
}
