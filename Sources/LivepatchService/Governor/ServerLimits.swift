/// What a server takes at most, and from whom.
public struct ServerLimits: Hashable, Sendable {
    /// How many requests are served at a time, 4 or more.
    public var concurrency = 1000
    /// How many more requests may wait.
    public var burst = 500
    /// How long each of them waits at most.
    public var queueDeadline = Duration.seconds(10)
    /// How many requests may wait for something to happen, without a place.
    public var aside = 4096
    /// Requests a minute with one machine token; 0 for any number.
    public var machineRate = 600
    /// Requests a minute with one sync token; 0 for any number.
    public var downstreamRate = 60_000
    /// Refused registrations a minute from one address; 0 for any number.
    public var registrationRate = 60
    public var connections = ConnectionLimits()

    public init() {}

    /// The limits that this process can keep: of the files that it may have open, some are for its own use, and a connection that downloads
    /// needs two. A process that has none left could not listen any more.
    /// - Parameter files: how many files it may have open.
    public func affordable(with files: Int) -> ServerLimits {
        var limits = self
        limits.connections.total = min(connections.total, max(16, (files - 128) / 2))
        return limits
    }
}

/// What one connection may take, and how many there may be.
public struct ConnectionLimits: Hashable, Sendable {
    /// How many connections there may be in all.
    public var total = 4096
    /// How many of them may come from one address; 0 for any number.
    public var perAddress = 1024
    /// The most bytes of a request's header fields together.
    public var headerBytes = 32 << 10
    /// The most header fields of a request.
    public var headerCount = 100
    /// The most bytes of a request's target.
    public var targetBytes = 8 << 10
    /// How long a request's line and header may take, from the beginning of the connection or the first byte.
    public var headerTime = Duration.seconds(10)
    /// How long a connection is kept that no request is under way on.
    public var idleTime = Duration.seconds(75)
    /// How long a request that is here may wait for the beginning of its answer.
    public var answerTime = Duration.seconds(300)
    /// The fewest bytes a second in which bodies and answers have to move; 0 for any number.
    public var minimumRate = 512
    /// The time over which that is looked at.
    public var rateWindow = Duration.seconds(60)
    /// How much is taken of a body that nobody wants, in bytes, so that whoever sends it gets to read the answer.
    public var discardBytes = 16 << 20
    /// How long that is done.
    public var discardTime = Duration.seconds(30)

    public init() {}
}
