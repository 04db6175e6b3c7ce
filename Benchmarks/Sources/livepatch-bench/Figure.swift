/// One thing that was measured, in several rounds, and what it is compared with in the same rounds.
struct Figure: Sendable, Codable {
    /// How rounds are read.
    enum Unit: String, Sendable, Codable {
        case seconds
        case perSecond = "per second"
        /// As its name says.
        case number
    }

    let name: String
    let unit: Unit
    let rounds: [Double]
    /// What it is compared with; `nil` for nothing.
    let baselineName: String?
    let baseline: [Double]

    init(_ name: String, _ unit: Unit, _ rounds: [Double], against baselineName: String? = nil, _ baseline: [Double] = []) {
        self.name = name
        self.unit = unit
        self.rounds = rounds
        self.baselineName = baselineName
        self.baseline = baseline
    }

    var median: Double { Self.median(rounds) }
    var baselineMedian: Double? { baseline.isEmpty ? nil : Self.median(baseline) }

    /// How this compares with the baseline, the median of the rounds' own ratios: for times 1 is as long, for rates 1 is as many.
    var ratio: Double? {
        baseline.count == rounds.count && !rounds.isEmpty ? Self.median(zip(rounds, baseline).map { $0 / $1 }) : nil
    }

    /// From the smallest to the largest round, as a share of the median.
    var spread: Double {
        guard let low = rounds.min(), let high = rounds.max(), median > 0 else { return 0 }
        return (high - low) / median
    }

    private static func median(_ values: [Double]) -> Double {
        guard !values.isEmpty else { return 0 }
        let sorted = values.sorted()
        let middle = sorted.count / 2
        return sorted.count.isMultiple(of: 2) ? (sorted[middle - 1] + sorted[middle]) / 2 : sorted[middle]
    }
}
