import FoundationEssentials
import LivepatchConsole
import LivepatchKit

/// Which deployments a number is made of, and how fresh it is.
struct DownstreamText {
    private let deployments: [DeploymentNumbers]
    private let isIncluded: Bool
    private let hasDownstreams: Bool

    init(_ deployments: [DeploymentNumbers], isIncluded: Bool, hasDownstreams: Bool) {
        self.deployments = deployments
        self.isIncluded = isIncluded
        self.hasDownstreams = hasDownstreams
    }

    func show(_ output: OutputOptions, on console: Console) throws {
        guard isIncluded else {
            if hasDownstreams { console.note("The servers below this one are not counted; --include-downstream adds them.") }
            return
        }
        try console.print("")
        let text = console.humanText
        let health = deployments.contains { $0.health != nil }
        let columns: [Column] =
            [.whole("DEPLOYMENT"), .text("VIA"), .whole("AS OF"), .number("MACHINES")]
            + (health
                ? [.number("APPLIED"), .number("FAILED"), .number("PENDING")]
                : [.number("CURRENT"), .number("COVERAGE"), .number("SILENT")])
        try console.print(
            Table(columns: columns, rows: deployments.map { $0.row(text, health) }).lines(for: console.output.terminal))
        for line in notes(text) { console.note(line) }
    }

    private func notes(_ text: HumanText) -> [String] {
        var notes = deployments.filter(\.isStale).map {
            "The numbers of \($0.deployment) are stale: \(text.time($0.asOf)) it was heard of last, and it, or a server on the way (\($0.way)), no longer reports."
        }
        if deployments.contains(where: { !$0.isExact }) {
            notes.append("Numbers with ≥ are that many at least: those deployments tell theirs in buckets.")
        }
        let leftOut = deployments.reduce(0) { $0 + $1.deploymentsLeftOut }
        if leftOut > 0 {
            notes.append(
                "\(text.count(leftOut, "deployment is", "deployments are")) not counted: a report would have been too large.")
        }
        if deployments.count == 1 { notes.append("No server below this one has reported yet.") }
        return notes
    }
}

extension DeploymentNumbers {
    /// The deployments on the way.
    fileprivate var way: String { route.map(\.description).joined(separator: " → ") }

    fileprivate func row(_ text: HumanText, _ hasHealth: Bool) -> [Cell] {
        let numbers = FleetNumbers(isExact: isExact)
        let age = isStale ? Cell("\(text.time(asOf)), stale", .bad) : Cell(route.isEmpty ? "now" : text.time(asOf))
        let first = [Cell(deployment), Cell(route.count < 2 ? "-" : way), age, Cell(numbers.text(machines))]
        guard hasHealth else {
            return first + [
                Cell(numbers.text(current)), Cell(numbers.percent(coveragePercent)),
                Cell(numbers.text(silent), silent == 0 ? .plain : .warning),
            ]
        }
        let counts = health ?? PatchHealth.Counts()
        return first + [
            Cell(numbers.text(counts.applied)), Cell(numbers.text(counts.failed), counts.failed == 0 ? .plain : .bad),
            Cell(numbers.text(counts.pending)),
        ]
    }
}
