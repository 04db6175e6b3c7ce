/// The labels of one series, in the order in which they were given.
struct LabelSet: Hashable, Sendable {
    struct Label: Hashable, Sendable {
        let name: String
        let value: String
    }

    let labels: [Label]

    /// Names are made valid; of two labels of one name the first counts.
    init(_ dimensions: [(String, String)]) {
        var labels: [Label] = []
        for (name, value) in dimensions {
            let name = MetricName.label(name)
            if !labels.contains(where: { $0.name == name }) { labels.append(Label(name: name, value: value)) }
        }
        self.labels = labels
    }

    private init(labels: [Label]) { self.labels = labels }

    /// The same labels, each with that value.
    func replacingValues(with value: String) -> LabelSet {
        LabelSet(labels: labels.map { Label(name: $0.name, value: value) })
    }
}
