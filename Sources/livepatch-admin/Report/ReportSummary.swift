import ArgumentParser
import FoundationEssentials
import LivepatchAPI
public import LivepatchConsole
public import LivepatchKit

struct ReportSummary: AdminCommand {
    static let configuration = CommandConfiguration(
        "summary", "Shows the fleet at a glance.",
        does: """
            Shows how many machines there are, by tier, kernel, patch and state, when they were last heard of, and how many have the \
            newest patch that they may have. Silent are those that have missed three check-ins. With --quiet the number of machines \
            alone.
            """,
        examples: ["report summary", "report summary --include-downstream --format json"])

    @OptionGroup var server: ServerOptions
    @OptionGroup var downstream: DownstreamOptions
    @OptionGroup var output: OutputOptions

    func run(_ context: AdminContext) async throws {
        let body = try await context.server.fleetSummary(includeDownstream: downstream.includeDownstream)
        guard output.format == .table else { return try output.show(document: body, on: context.console) }
        guard !output.quiet else { return try context.console.print("\(body.summary.machines)") }
        try output.show(body, on: context.console)
        let numbers = FleetNumbers(isExact: body.summary.isExact)
        for (title, shares) in [
            ("TIER", body.summary.tiers), ("KERNEL", body.summary.kernels), ("PATCH", body.summary.patches),
            ("STATE", body.summary.states),
        ] where !shares.isEmpty {
            try context.console.print("")
            try context.console.print(
                numbers.table(of: shares, title).lines(for: context.console.output.terminal))
        }
        try DownstreamText(body.deployments, isIncluded: downstream.includeDownstream, hasDownstreams: body.hasDownstreams)
            .show(output, on: context.console)
        KeptReports.tell(body.keepsReports, on: context.console)
    }
}

extension FleetInquiry.Summary: Detailed {
    public var quietValue: String { "\(summary.machines)" }

    public func details(_ text: HumanText) -> [Detail] {
        let numbers = FleetNumbers(isExact: summary.isExact)
        let presence = summary.presence
        let seen = [
            (presence.hour, "within the hour"), (presence.day, "within a day"), (presence.week, "within a week"),
            (presence.older, "longer ago"), (presence.never, "never"),
        ].filter { $0.0 > 0 }.map { "\(numbers.text($0.0)) \($0.1)" }
        var details = [
            Detail("Machines", Cell(numbers.text(summary.machines))),
            Detail(
                "Current",
                Cell(
                    "\(numbers.text(summary.current)) (\(numbers.percent(summary.coveragePercent))) have the newest patch that they may have"
                )),
            Detail(
                "Silent",
                presence.silent == 0 ? Cell("0", .good) : Cell(numbers.text(presence.silent), .warning)),
            Detail("Last heard of", Cell(seen.isEmpty ? "-" : seen.joined(separator: ", "))),
        ]
        if summary.machinesLeftOut > 0 {
            details.append(
                Detail(
                    "Not broken down",
                    Cell(
                        "\(numbers.text(summary.machinesLeftOut)), of deployments that have too many kernels to tell all",
                        .warning)))
        }
        return details
    }
}
