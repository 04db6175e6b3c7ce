import LivepatchConsole
import LivepatchKit

/// Numbers of machines as a person reads them.
struct FleetNumbers {
    /// Otherwise each number is that many at least.
    let isExact: Bool

    func text(_ number: Int) -> String { isExact || number == 0 ? "\(number)" : "≥ \(number)" }

    func percent(_ percent: Double?) -> String {
        percent.map { "\(isExact ? "" : "about ")\($0) %" } ?? "-"
    }

    /// Shares of a fleet under the name of what they have in common.
    func table(of shares: [FleetSummary.Share], _ title: String) -> Table {
        Table(
            columns: [.whole(title), .number("MACHINES"), .number("CURRENT")],
            rows: shares.map { [Cell($0.name), Cell(text($0.machines)), Cell(text($0.current))] })
    }
}

/// What is said where a server keeps no reports.
enum KeptReports {
    static func tell(_ keepsReports: Bool, on console: Console) {
        guard !keepsReports else { return }
        console.note(
            "This server does not keep what machines report (machine-reports.database.enabled is false), so it knows their tiers and when they were last heard of, and nothing of their patches. Set it to true and restart the server."
        )
    }
}
