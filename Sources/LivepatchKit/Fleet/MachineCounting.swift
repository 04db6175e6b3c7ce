extension MachineCountStrategy {
    /// The lower bounds of the buckets, in order.
    public static let bounds = [1, 50, 100, 500, 1000, 2000, 5000, 10_000]

    /// What is told of a number. None is told as none, whatever the strategy; telling what was told already changes nothing.
    public func told(_ number: Int) -> Int {
        switch self {
        case .unit: number
        case .bucket: Self.bounds.last { $0 <= number } ?? 0
        }
    }

    /// The strategy of a number that was told by another one before: as coarse as the coarser of the two.
    public func passing(_ other: MachineCountStrategy) -> MachineCountStrategy { self == .bucket ? .bucket : other }
}
