/// What a family of metrics is called, and what readers are told of it.
public struct MetricDescription: Hashable, Sendable {
    /// What kind of numbers a family has.
    public enum Kind: String, Hashable, Sendable {
        /// Grows until the process ends.
        case counter
        /// Goes up and down.
        case gauge
        /// How many observations there were up to each of several bounds.
        case histogram
    }

    public let name: String
    public let kind: Kind
    /// One sentence: what is counted, in which unit.
    public let help: String
    /// A histogram's upper bounds, ascending and without infinity; `nil` for ``MetricRegistry/standardBounds``.
    public let bounds: [Double]?

    public init(_ name: String, _ kind: Kind, help: String, bounds: [Double]? = nil) {
        self.name = name
        self.kind = kind
        self.help = help
        self.bounds = bounds
    }
}
