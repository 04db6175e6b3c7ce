import FoundationEssentials
import HTTPTypes
import Hummingbird
import LivepatchAPI
import LivepatchKit
public import Logging
public import Metrics
import NIOCore

/// What keeps a server from being asked for more than it can do, by all together or by one alone. One for all listeners of a server.
public struct Governance: Sendable {
    static let rateLimited = "livepatch_server_rate_limited_total"

    public let governor: Governor
    let limits: ServerLimits
    let connections: ConnectionPlaces
    private let addresses: ClientAddresses
    private let callers: KnownCallers
    private let machines: RateLimiter<HashedMachineID>?
    private let downstreams: RateLimiter<String>?
    private let registrations: RateLimiter<AddressGroup>?
    private let metrics: any MetricsFactory
    private let seconds: @Sendable (ClosedRange<Int>) -> Int

    /// - Parameters:
    ///   - addresses: tell where a request comes from.
    ///   - clock: what waits, and what rates are measured by.
    ///   - metrics: where counters are made.
    ///   - seconds: one of these numbers of seconds at random, after which whoever is refused may come again.
    public init<C: Clock>(
        _ limits: ServerLimits = ServerLimits(), addresses: ClientAddresses = ClientAddresses(), clock: C = ContinuousClock(),
        metrics: any MetricsFactory = MetricsSystem.factory, logger: Logger = Logger(label: "livepatch.governor"),
        seconds: @escaping @Sendable (ClosedRange<Int>) -> Int = { Int.random(in: $0) }
    ) where C.Duration == Duration {
        self.limits = limits
        self.seconds = seconds
        self.metrics = metrics
        self.addresses = addresses
        callers = KnownCallers(addresses)
        connections = ConnectionPlaces(
            total: limits.connections.total, perAddress: limits.connections.perAddress, addresses: addresses,
            metrics: metrics)
        governor = Governor(
            places: limits.concurrency, burst: limits.burst, aside: limits.aside, deadline: limits.queueDeadline, clock: clock,
            metrics: metrics, logger: logger)
        // There from the beginning, so that a rule that reads it finds it.
        for policy in ["machines", "downstreams", "registrations"] { Self.refusals(policy, metrics).increment(by: 0) }
        let start = clock.now
        let elapsed: @Sendable () -> Duration = { start.duration(to: clock.now) }
        machines = limits.machineRate > 0 ? RateLimiter(limit: limits.machineRate, elapsed: elapsed) : nil
        downstreams = limits.downstreamRate > 0 ? RateLimiter(limit: limits.downstreamRate, elapsed: elapsed) : nil
        registrations = limits.registrationRate > 0 ? RateLimiter(limit: limits.registrationRate, elapsed: elapsed) : nil
    }

    /// Serves a request when it is its turn.
    /// - Parameters:
    ///   - gate: finds out who asks.
    ///   - handler: makes the answer, for whoever that is.
    /// - Throws: what they throw, and `CancellationError`.
    func serve(
        _ request: Request, _ context: ServiceRequestContext, for entry: EntryGate.Entry,
        gate: () async throws -> Caller?, handler: (Caller?, Turn) async throws -> Response
    ) async throws -> Response {
        var isKept = false
        let (visitor, isKnown) = callers.visitor(request, from: context.channel, to: entry)
        guard let place = try await governor.enter(visitor) else { return Answers.problem(refusal(visitor.kind)) }
        let turn = Turn(visitor, place, governor: governor, channel: context.channel, refusal: refusal)
        defer { if !isKept { turn.end() } }
        let caller: Caller?
        do {
            caller = try await gate()
        } catch let error as LivepatchError where isKnown && (error.code == .tokenRefused || error.code == .loginRequired) {
            callers.forget(request)
            throw error
        }
        if let caller {
            if !isKnown { callers.accept(request, as: caller.kind) }
            if let refusal = rateRefusal(caller) { return refusal }
        }
        let response = try await handler(caller, turn)
        // What is short is as good as sent; a download or a stream keeps its place to its end.
        if let length = response.body.contentLength, length <= OpenedContent.chunkSize { return response }
        isKept = true
        return response.keeping(turn)
    }

    /// Who asks with a credential that was good lately; `nil` if it was not.
    /// - Parameter key: see ``KnownCallers/key(_:)``.
    func known(_ key: Int) -> Visitor? { callers.visitor(key) }

    /// A place for a request that can be answered at once, counted as one of its caller's.
    /// - Returns: `nil` if it would have to wait or be refused: that is for ``serve(_:_:for:gate:handler:)`` to do and to count.
    func admitAtOnce(_ visitor: Visitor, _ caller: Caller) -> Place? {
        guard let place = governor.enterAtOnce(visitor) else { return nil }
        guard wait(caller) == nil else {
            place.leave()
            return nil
        }
        return place
    }

    private func refusal(_ kind: CallerKind) -> LivepatchError {
        LivepatchError(
            .serverOverloaded, "The server has more requests than it can serve at once.",
            suggestion: "Try again after the time that the answer names.", retryAfter: .seconds(seconds(kind.retrySeconds)))
    }

    // MARK: Rates

    private static func refusals(_ policy: String, _ metrics: any MetricsFactory) -> Counter {
        Counter(label: rateLimited, dimensions: [("policy", policy)], factory: metrics)
    }

    private func rateRefusal(_ caller: Caller) -> Response? {
        guard let wait = wait(caller) else { return nil }
        switch caller {
        case .administrator: return nil
        case .downstream: return refusal("downstreams", "This sync token", limit: limits.downstreamRate, wait)
        case .machine: return refusal("machines", "This machine", limit: limits.machineRate, wait)
        }
    }

    /// Counts a request of the caller's.
    /// - Returns: how long the caller has to wait until it may make one; `nil` if it may now.
    private func wait(_ caller: Caller) -> Duration? {
        switch caller {
        case .administrator: nil
        case .downstream(let token): downstreams?.take(token.name)
        case .machine(let identity, _): machines?.take(identity.machine)
        }
    }

    /// Registers a machine, unless too many attempts from the same address were refused lately.
    func registering(
        _ request: Request, on channel: any Channel, _ register: () async throws -> Response
    ) async throws -> Response {
        guard let registrations else { return try await register() }
        let address = AddressGroup(addresses.address(of: request, on: channel))
        if let wait = registrations.wait(for: address) {
            return refusal("registrations", "This address", limit: registrations.limit, wait)
        }
        do {
            return try await register()
        } catch let error as LivepatchError where error.code == .tokenRefused {
            _ = registrations.take(address)
            throw error
        }
    }

    /// 429 with the fields of draft-ietf-httpapi-ratelimit-headers-10, sections 3 and 4.
    private func refusal(_ policy: String, _ who: String, limit: Int, _ wait: Duration) -> Response {
        Self.refusals(policy, metrics).increment()
        var response = Answers.problem(
            LivepatchError(
                .rateLimited, "\(who) asks more than \(limit) times a minute.",
                suggestion: "Ask again after the time that the answer names.", retryAfter: wait))
        let seconds = response.headers[.retryAfter] ?? "1"
        if let name = HTTPField.Name("RateLimit-Policy") { response.headers[name] = "\"\(policy)\";q=\(limit);w=60" }
        if let name = HTTPField.Name("RateLimit") { response.headers[name] = "\"\(policy)\";r=0;t=\(seconds)" }
        return response
    }
}

extension Response {
    /// The answer, which keeps a place until it has been sent or given up.
    fileprivate func keeping(_ turn: Turn) -> Response {
        let body = self.body
        var response = self
        response.body = ResponseBody(contentLength: body.contentLength) { writer in
            defer { turn.end() }
            try await body.write(writer)
        }
        return response
    }
}
