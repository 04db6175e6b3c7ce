public import LivepatchKit

/// How a client reaches servers.
public struct ConnectionOptions: Sendable {
    public var timeouts: ConnectionTimeouts
    /// Certificate authorities that are trusted besides the system's.
    public var authorities: TrustedAuthorities
    public var proxies: ProxyRules
    /// What is shown to a server that asks for a certificate; `nil` for nothing.
    public var identity: ClientIdentity?
    /// How often and how long a person waits for a server that refuses requests because it has too much to do. Servers and machines
    /// have plans of their own.
    public var patience = RetryPolicy(attempts: 4, base: .seconds(1), maximum: .seconds(8), patience: .seconds(60))

    public init(
        timeouts: ConnectionTimeouts = ConnectionTimeouts(), authorities: TrustedAuthorities = .system,
        proxies: ProxyRules = .none, identity: ClientIdentity? = nil
    ) {
        self.timeouts = timeouts
        self.authorities = authorities
        self.proxies = proxies
        self.identity = identity
    }
}

/// How long a client waits. Only waiting for the other side counts, not the time that the client itself takes between two reads,
/// so that a limited bandwidth or a slow disk is never mistaken for a server that is stuck.
public struct ConnectionTimeouts: Hashable, Sendable {
    /// For a connection, proxy and TLS included.
    public var connect: Duration
    /// For an answer to begin, and for its next bytes.
    public var idle: Duration
    /// For a whole answer, in sum.
    public var total: Duration
    /// Before a change is asked for again whose answer was lost: that long, then twice, three times as long.
    public var pause: Duration

    public init(
        connect: Duration = .seconds(10), idle: Duration = .seconds(30), total: Duration = .seconds(1800),
        pause: Duration = .milliseconds(500)
    ) {
        self.connect = connect
        self.idle = idle
        self.total = total
        self.pause = pause
    }
}
