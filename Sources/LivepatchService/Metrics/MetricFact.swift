/// What is known of one of a server's metrics, for whoever shows it.
public struct MetricFact: Hashable, Sendable {
    public enum Kind: String, Hashable, Sendable {
        case counter, gauge, histogram
    }

    public let name: String
    public let kind: Kind
    /// The names of its labels.
    public let labels: [String]
    /// What is counted, in which unit: one sentence.
    public let meaning: String
    /// A histogram's upper bounds, ascending; `nil` for those of a backend's own choice, which suit what takes less than a minute.
    public let bounds: [Double]?

    init(_ name: String, _ kind: Kind, _ labels: [String] = [], _ meaning: String, bounds: [Double]? = nil) {
        self.name = name
        self.kind = kind
        self.labels = labels
        self.meaning = meaning
        self.bounds = bounds
    }
}
