import Metrics

/// Measures how long it takes to find out whose a credential is, under the names that Livepatch on-prem gives it.
struct EntryMeter: Sendable {
    static let duration = "livepatch_server_http_auth_duration_seconds"
    static let count = "livepatch_server_http_authorizer_count"

    /// What was presented.
    enum Credential: Int, CaseIterable {
        /// User and password of an administrator.
        case basic
        /// The token of an administrator's session.
        case session
        case sync
        case machine
        /// The token with which machines register.
        case auth
        /// A token where any kind is taken, and that none has known.
        case unknown
    }

    /// In the order of ``Credential``'s cases.
    private let meters: [(timer: Timer, counter: Counter)]

    init(_ factory: any MetricsFactory) {
        meters = Credential.allCases.map { credential in
            (
                Timer(label: Self.duration, dimensions: [("token_type", "\(credential)")], factory: factory),
                Counter(label: Self.count, dimensions: [("token", "\(credential)")], factory: factory)
            )
        }
    }

    /// Measures an attempt to enter, whatever comes of it.
    func measuring<Value>(_ credential: Credential, _ body: () async throws -> Value) async rethrows -> Value {
        let start = ContinuousClock.now
        defer { note(credential, ContinuousClock.now - start) }
        return try await body()
    }

    /// Measures what a gate decides.
    func admit(to entry: EntryGate.Entry, _ decide: () async throws -> Caller?) async throws -> Caller? {
        let start = ContinuousClock.now
        do {
            let caller = try await decide()
            if let caller { note(Credential(caller), ContinuousClock.now - start) }
            return caller
        } catch {
            note(Credential(expectedAt: entry), ContinuousClock.now - start)
            throw error
        }
    }

    /// Notes an attempt to enter that took so long.
    func note(_ credential: Credential, _ duration: Duration) {
        let meter = meters[credential.rawValue]
        meter.timer.recordNanoseconds(duration.nanoseconds)
        meter.counter.increment()
    }
}

extension EntryMeter.Credential {
    init(_ caller: Caller) {
        switch caller {
        case .administrator: self = .session
        case .downstream: self = .sync
        case .machine: self = .machine
        }
    }

    /// What whoever was refused should have had.
    init(expectedAt entry: EntryGate.Entry) {
        switch entry {
        case .administrators: self = .session
        case .downstreams: self = .sync
        case .machines: self = .machine
        case .everybody, .viewers, .downloaders: self = .unknown
        }
    }
}
