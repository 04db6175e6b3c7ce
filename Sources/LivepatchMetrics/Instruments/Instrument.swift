/// What the numbers of one series are kept in.
protocol Instrument: AnyObject, Sendable {
    /// The numbers as they are now.
    var reading: Reading { get }
}

/// The numbers of one series.
enum Reading: Hashable, Sendable {
    case value(Double)
    /// How many observations each bound has above the one before it, those beyond the last one, and the sum of all.
    case distribution(bounds: [Double], counts: [UInt64], beyond: UInt64, sum: Double)
}
