import LivepatchConfiguration
import LivepatchMetrics
import LivepatchService
import Metrics

/// The metrics of this process: kept in memory, and read at `/metrics`.
struct ServerMetrics {
    private let registry: MetricRegistry
    private let process: ProcessMetrics

    /// Makes them those of the whole process. To be called once, before anything is counted.
    init() {
        registry = MetricRegistry(
            describing: MetricFact.all.map { MetricDescription($0.name, $0.descriptionKind, help: $0.meaning, bounds: $0.bounds) }
                + ProcessMetrics.descriptions, overflows: ServerGauges.overflow)
        MetricsSystem.bootstrap(registry)
        process = ProcessMetrics(registry)
    }

    /// What `/metrics` answers; `nil` if it is not wanted.
    func exposition(_ configuration: MetricsConfiguration, of gauges: ServerGauges) -> MetricsExposition? {
        guard configuration.isEnabled else { return nil }
        return MetricsExposition(token: configuration.token?.revealed) { [registry, process] in
            await gauges.refresh()
            process.refresh()
            return registry.text()
        }
    }
}

extension MetricFact {
    fileprivate var descriptionKind: MetricDescription.Kind {
        switch kind {
        case .counter: .counter
        case .gauge: .gauge
        case .histogram: .histogram
        }
    }
}
