/// What a client lets a repository cost it (specification, section 5: W, X, Y, Z and the numbers of roots and roles).
public struct ClientLimits: Sendable, Equatable {
    /// The greatest length of a root document, in bytes.
    public var rootLength = 512_000
    /// The greatest length of a timestamp, in bytes.
    public var timestampLength = 16_384
    /// The greatest length of a snapshot whose length the timestamp does not say, in bytes.
    public var snapshotLength = 8_000_000
    /// The greatest length of targets metadata whose length the snapshot does not say, in bytes.
    public var targetsLength = 8_000_000
    /// The greatest length of metadata that another document may announce, in bytes.
    public var announcedLength = 256_000_000
    /// How many new roots one update takes in. The next update goes on where this one stopped.
    public var rootRotations = 256
    /// How many roles one search for a target passes through.
    public var visitedRoles = 256
    /// How long any transfer may take, however small.
    public var patience = Duration.seconds(60)
    /// What a transfer must come to in the long run, in bytes per second: it may take ``patience`` and its length divided by this.
    public var slowestRate = 4096

    public init() {}

    /// How long a transfer of at most that many bytes may take.
    func time(for length: Int) -> Duration { patience + .seconds(length / max(1, slowestRate)) }
}
