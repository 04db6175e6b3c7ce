import Metrics
import Synchronization

/// Measures what is asked of a database, under the names that Livepatch on-prem gives it:
///
///     livepatch_server_database_query_duration_seconds{method}
///     livepatch_server_database_error_count
///
/// A method is the function of a store.
final class DatabaseMeter: Sendable {
    private let factory: any MetricsFactory
    private let errors: Counter
    private let timers = Mutex<[String: Timer]>([:])

    init(_ factory: any MetricsFactory) {
        self.factory = factory
        errors = Counter(label: "livepatch_server_database_error_count", factory: factory)
    }

    /// - Parameter function: such as `groups(tier:)`.
    func note(_ function: String, since start: ContinuousClock.Instant) {
        let (seconds, attoseconds) = (ContinuousClock.now - start).components
        timer(function).recordNanoseconds(seconds * 1_000_000_000 + attoseconds / 1_000_000_000)
    }

    func noteError() { errors.increment() }

    private func timer(_ function: String) -> Timer {
        timers.withLock { timers in
            if let timer = timers[function] { return timer }
            let timer = Timer(
                label: "livepatch_server_database_query_duration_seconds",
                dimensions: [("method", String(function.prefix { $0 != "(" }))], factory: factory)
            timers[function] = timer
            return timer
        }
    }
}
