/// One thing that was measured, in several rounds, and what it is compared with in the same rounds.
struct Figure: Sendable, Codable {
    /// How rounds are read.
    enum Unit: String, Sendable, Codable {
        case seconds
        case perSecond = "per second"
        /// As its name says.
        case number
    }

    /// What is promised: of the ratio where there is one, else of the median.
    struct Target: Sendable, Codable {
        var least: Double?
        var most: Double?

        static func atLeast(_ value: Double) -> Target { Target(least: value) }
        static func atMost(_ value: Double) -> Target { Target(most: value) }

        func isMet(by value: Double) -> Bool { value >= least ?? -.infinity && value <= most ?? .infinity }
    }

    let name: String
    let unit: Unit
    let rounds: [Double]
    /// What it is compared with; `nil` for nothing.
    let baselineName: String?
    let baseline: [Double]
    let target: Target?

    init(
        _ name: String, _ unit: Unit, _ rounds: [Double], against baselineName: String? = nil, _ baseline: [Double] = [],
        target: Target? = nil
    ) {
        self.name = name
        self.unit = unit
        self.rounds = rounds
        self.baselineName = baselineName
        self.baseline = baseline
        self.target = target
    }

    var median: Double { Self.median(rounds) }
    var baselineMedian: Double? { baseline.isEmpty ? nil : Self.median(baseline) }

    /// How this compares with the baseline, the median of the rounds' own ratios: for times 1 is as long, for rates 1 is as many.
    var ratio: Double? {
        baseline.count == rounds.count && !rounds.isEmpty ? Self.median(zip(rounds, baseline).map { $0 / $1 }) : nil
    }

    /// What says the same on every machine: the ratio, or the number where it counts something. `nil` for times and rates alone.
    var comparable: Double? { ratio ?? (unit == .number && !rounds.isEmpty ? median : nil) }

    /// Whether the target is met; `nil` without one.
    var isTargetMet: Bool? { rounds.isEmpty ? nil : target?.isMet(by: ratio ?? median) }

    /// From the smallest to the largest round, as a share of the median.
    var spread: Double {
        guard let low = rounds.min(), let high = rounds.max(), median > 0 else { return 0 }
        return (high - low) / median
    }

    static func median(_ values: [Double]) -> Double {
        guard !values.isEmpty else { return 0 }
        let sorted = values.sorted()
        let middle = sorted.count / 2
        return sorted.count.isMultiple(of: 2) ? (sorted[middle - 1] + sorted[middle]) / 2 : sorted[middle]
    }

    /// The smallest value that 99 of 100 do not exceed.
    static func percentile99(_ values: [Double]) -> Double {
        let sorted = values.sorted()
        return sorted.isEmpty ? 0 : sorted[min(sorted.count - 1, Int((Double(sorted.count) * 0.99).rounded(.up)) - 1)]
    }
}
