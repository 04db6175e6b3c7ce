/// All series of one name.
struct MetricFamily {
    /// The value of every label of the series that what is too much is counted in.
    static let overflow = "overflow"

    let description: MetricDescription
    private(set) var series: [LabelSet: any Instrument] = [:]
    private var overflowing: [LabelSet: any Instrument] = [:]

    init(_ description: MetricDescription) { self.description = description }

    /// The series with these labels, made if it is new.
    /// - Parameters:
    ///   - limit: how many series there may be.
    ///   - make: makes an instrument.
    /// - Returns: the series, or the one for all labels that are too many.
    mutating func instrument<Made: Instrument>(
        _ labels: LabelSet, limit: Int, make: () -> Made
    ) -> (instrument: Made?, isOverflow: Bool) {
        if let known = series[labels] { return (known as? Made, false) }
        guard series.count >= limit else {
            let made = make()
            series[labels] = made
            return (made, false)
        }
        let folded = labels.replacingValues(with: Self.overflow)
        if let known = overflowing[folded] { return (known as? Made, true) }
        let made = make()
        overflowing[folded] = made
        return (made, true)
    }

    /// Forgets the series of an instrument.
    mutating func remove(_ instrument: AnyObject) {
        guard let labels = series.first(where: { $0.value === instrument })?.key else { return }
        series[labels] = nil
    }

    /// Every series with its labels, in an order that is always the same.
    var sorted: [(labels: LabelSet, instrument: any Instrument)] {
        (series.map { ($0.key, $0.value) } + overflowing.map { ($0.key, $0.value) }).sorted { one, other in
            let (left, right) = (one.0.labels.map(\.value), other.0.labels.map(\.value))
            return left.lexicographicallyPrecedes(right)
        }
    }
}
