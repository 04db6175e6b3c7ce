public import CoreMetrics
import Synchronization

/// A backend of swift-metrics that keeps the present numbers in memory, for Prometheus to read as text.
///
/// ```swift
/// let registry = MetricRegistry(describing: [MetricDescription("orders", .counter, help: "Orders taken.")])
/// MetricsSystem.bootstrap(registry)
/// …
/// let text = registry.text()
/// ```
///
/// Counters and gauges are changed without a lock, histograms under one of their own. A family has no more than a number of series: what
/// more there would be is counted in one whose labels all say `overflow`, so that nobody who chooses a label's value fills the memory.
public final class MetricRegistry: MetricsFactory, Sendable {
    /// The upper bounds of histograms that say no others, in seconds: from a millisecond to a minute.
    public static let standardBounds: [Double] = [
        0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
    ]

    private let descriptions: [String: MetricDescription]
    private let limit: Int
    private let overflows: String
    private let families = Mutex<[String: MetricFamily]>([:])

    /// - Parameters:
    ///   - descriptions: what is known of metrics beforehand. A metric without one is told without a help text.
    ///   - limit: the most series of one family.
    ///   - overflows: the name of the counter that counts, with the label `metric`, how often a series was asked for that was too much,
    ///     or was of another kind than the family of its name.
    public init(
        describing descriptions: [MetricDescription] = [], seriesLimit limit: Int = 2000,
        overflows: String = "metrics_overflow_total"
    ) {
        self.descriptions = Dictionary(descriptions.map { ($0.name, $0) }) { first, _ in first }
        self.limit = max(1, limit)
        self.overflows = overflows
    }

    /// All families as Prometheus reads them (text format 0.0.4), in order of name.
    public func text() -> String {
        let present = families.withLock { Array($0.values) }
        return TextExposition.text(of: present.sorted { $0.description.name < $1.description.name })
    }

    // MARK: Making

    public func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        instrument(label, dimensions, .counter) { _ in CounterInstrument() }
    }

    public func makeFloatingPointCounter(label: String, dimensions: [(String, String)]) -> any FloatingPointCounterHandler {
        instrument(label, dimensions, .counter) { _ in CounterInstrument() }
    }

    public func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        instrument(label, dimensions, .gauge) { _ in GaugeInstrument() }
    }

    public func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        guard aggregate else { return instrument(label, dimensions, .gauge) { _ in GaugeInstrument() } }
        return instrument(label, dimensions, .histogram, Self.histogram)
    }

    /// Timers are histograms in seconds.
    public func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        instrument(label, dimensions, .histogram, Self.histogram)
    }

    private static func histogram(_ description: MetricDescription) -> HistogramInstrument {
        HistogramInstrument(bounds: description.bounds ?? standardBounds)
    }

    private func instrument<Made: Instrument>(
        _ label: String, _ dimensions: [(String, String)], _ kind: MetricDescription.Kind,
        _ make: (MetricDescription) -> Made
    ) -> Made {
        let name = MetricName.metric(label)
        let labels = LabelSet(dimensions)
        let known = descriptions[name] ?? MetricDescription(name, kind, help: "")
        let (found, isOverflow) = families.withLock { families in
            guard known.kind == kind, families[name].map({ $0.description.kind == kind }) ?? true else {
                return (Made?.none, true)
            }
            return families[name, default: MetricFamily(known)].instrument(labels, limit: limit) { make(known) }
        }
        if isOverflow, name != overflows {
            instrument(overflows, [("metric", name)], .counter) { _ in CounterInstrument() }.increment(by: Int64(1))
        }
        // What is of another kind than its name says goes nowhere: a program must not end for it.
        return found ?? make(known)
    }

    // MARK: Forgetting

    public func destroyCounter(_ handler: any CounterHandler) { forget(handler) }
    public func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) { forget(handler) }
    public func destroyMeter(_ handler: any MeterHandler) { forget(handler) }
    public func destroyRecorder(_ handler: any RecorderHandler) { forget(handler) }
    public func destroyTimer(_ handler: any TimerHandler) { forget(handler) }

    private func forget(_ handler: AnyObject) {
        families.withLock { families in
            for name in families.keys { families[name]?.remove(handler) }
        }
    }
}
