import Metrics

/// Counts the events of the security log, so that somebody can be woken by them.
struct SecurityMeter: Sendable {
    static let events = "livepatch_server_security_events_total"

    private let factory: any MetricsFactory

    init(_ factory: any MetricsFactory) { self.factory = factory }

    func count(_ event: SecurityEvent) {
        Counter(label: Self.events, dimensions: [("event", event.name)], factory: factory).increment()
    }
}
