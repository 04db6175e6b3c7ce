import Metrics

/// Gauges of one name that are shown together: what is shown no longer is gone.
struct Panel {
    private let label: String
    private let names: [String]
    private let factory: any MetricsFactory
    private var gauges: [[String]: Gauge] = [:]

    /// - Parameter names: of the labels, in which the gauges differ.
    init(_ label: String, by names: [String] = [], _ factory: any MetricsFactory) {
        self.label = label
        self.names = names
        self.factory = factory
    }

    /// Shows exactly these values.
    /// - Parameter values: by the labels' values, in the order of their names.
    mutating func show(_ values: [[String]: Double]) {
        for key in gauges.keys where values[key] == nil { gauges.removeValue(forKey: key)?.destroy() }
        for (key, value) in values {
            let gauge = gauges[key] ?? Gauge(label: label, dimensions: Array(zip(names, key)), factory: factory)
            gauges[key] = gauge
            gauge.record(value)
        }
    }

    /// Shows one value without labels; none for `nil`.
    mutating func show(_ value: Double?) { show(value.map { [[]: $0] } ?? [:]) }
}
