import LivepatchKit

/// What the server takes at most, and from whom.
enum LimitSettings {
    static let concurrency = Setting.integer(
        "server.concurrency-limit", .server, default: 1000, in: 4...1_000_000,
        "How many requests are served at a time. Some of these places are kept for administrators, for downstreams and for machines, so that none of them can take all; `/`, `/metrics` and `/debug` are answered without one."
    )

    static let burst = Setting.integer(
        "server.burst-limit", .server, default: 500, in: 0...1_000_000,
        "How many more requests are accepted, and wait until one of those is done; what comes beyond is refused with 503 and a time to come again."
    )

    static let queueTimeout = Setting<Duration>.duration(
        "server.queue-timeout", .server, default: .seconds(10), in: .milliseconds(10) ... .seconds(300),
        "How long a request waits to be served before it is refused with 503.")

    static let machineRate = Setting.integer(
        "server.rate-limit.machines", .server, default: 600, in: 0...1_000_000,
        "How many requests a minute a machine may make, and how many of them at once; beyond it they are refused with 429. 0 for any number."
    )

    static let downstreamRate = Setting.integer(
        "server.rate-limit.downstreams", .server, default: 60_000, in: 0...10_000_000,
        "As `server.rate-limit.machines`, for each sync token.")

    static let registrationRate = Setting.integer(
        "server.rate-limit.registrations", .server, default: 60, in: 0...1_000_000,
        "How many registrations with a wrong auth token may come from one address in a minute before it is asked to wait; those with a good one do not count. 0 for any number."
    )

    static let connections = Setting.integer(
        "server.max-connections", .server, default: 4096, in: 16...1_000_000,
        "How many connections may be open. A new one takes the place of one that no request is under way on; if there is none, it is closed."
    )

    static let connectionsPerAddress = Setting.integer(
        "server.max-connections-per-address", .server, default: 1024, in: 0...1_000_000,
        "How many connections may come from one IPv4 address or IPv6 network (/64). 0 for any number. The proxies of `server.trusted-proxies` may have any number."
    )

    static let waitingRequests = Setting.integer(
        "server.max-waiting-requests", .server, default: 4096, in: 16...1_000_000,
        "How many requests may be held open until something happens, as those are that downstreams hear of changes by. They take no place of `server.concurrency-limit`. Half of them may be of one token; what comes beyond is refused with 503 and a time to come again. Each needs a connection."
    )

    static let headerSize = Setting<Int64>.size(
        "server.max-header-size", .server, default: 32 << 10, in: 1 << 10...1 << 20,
        "How long all header fields of a request may be together; beyond it the request is refused with 431.")

    static let headerCount = Setting.integer(
        "server.max-header-count", .server, default: 100, in: 16...10_000,
        "How many header fields a request may have; beyond it the request is refused with 431.")

    static let targetLength = Setting<Int64>.size(
        "server.max-url-length", .server, default: 8 << 10, in: 256...64 << 10,
        "How long path and query of a request may be; beyond it the request is refused with 414.")

    static let headerTimeout = Setting<Duration>.duration(
        "server.header-timeout", .server, default: .seconds(10), in: .milliseconds(100) ... .seconds(300),
        "How long a client may take to send a request's line and header, from the beginning of the connection or the first byte.")

    static let idleTimeout = Setting<Duration>.duration(
        "server.idle-timeout", .server, default: .seconds(75), in: .milliseconds(100) ... .seconds(3600),
        "How long a connection is kept that no request is under way on.")

    static let answerTimeout = Setting<Duration>.duration(
        "server.answer-timeout", .server, default: .seconds(300), in: .milliseconds(100) ... .seconds(86_400),
        "How long a request that has arrived waits for the beginning of its answer before it is given up.")

    static let minimumRate = Setting<Int64>.size(
        "server.min-transfer-rate", .server, default: 512, in: 0...1 << 30,
        "How many bytes a second a client has to send of a body, or take of an answer, on average over `server.transfer-window`; the connection of one that is slower is closed. A download goes on from there with the next attempt. 0 for any number."
    )

    static let rateWindow = Setting<Duration>.duration(
        "server.transfer-window", .server, default: .seconds(60), in: .milliseconds(100) ... .seconds(3600),
        "The time over which `server.min-transfer-rate` is measured. Time in which the server itself does not go on is not counted."
    )

    static let keys = [
        concurrency.key, burst.key, queueTimeout.key, machineRate.key, downstreamRate.key, registrationRate.key, connections.key,
        connectionsPerAddress.key, waitingRequests.key, headerSize.key, headerCount.key, targetLength.key, headerTimeout.key,
        idleTimeout.key,
        answerTimeout.key, minimumRate.key, rateWindow.key,
    ]
}
