import ArgumentParser
public import LivepatchConsole
public import LivepatchKit

struct ReportPatchHealth: AdminCommand {
    static let configuration = CommandConfiguration(
        commandName: "patch-health", abstract: "Shows how a patch version does on machines.",
        usage: "livepatch-admin report patch-health [<tier>] <version> [<options>]",
        discussion: """
            Counts the machines of a tier on which the patch version is applied, those on which it failed, with what they say, and \
            those for which it is the newest and which have not answered for it yet. Without a tier all machines count. The tier is \
            the one of that name on each server. With --quiet these three numbers alone.

            Examples:
              livepatch-admin report patch-health stable 107.1
              livepatch-admin report patch-health 107.1 --include-downstream
            """)

    @OptionGroup var server: ServerOptions
    @OptionGroup var downstream: DownstreamOptions
    @OptionGroup var output: OutputOptions

    @Argument(help: ArgumentHelp("The tier and the patch version, or the version alone.", valueName: "tier> <version"))
    var names: [String]

    private func meaning() throws -> (tier: TierName?, version: PatchVersion) {
        switch names.count {
        case 1: return (nil, try PatchVersion(parsing: names[0]))
        case 2: return (try TierName(parsing: names[0]), try PatchVersion(parsing: names[1]))
        default: throw ValidationError("Name a tier and a patch version, or a patch version alone.")
        }
    }

    func validate() throws { _ = try meaning() }

    func run(_ context: AdminContext) async throws {
        let (tier, version) = try meaning()
        let body = try await context.server.patchHealth(
            version, tier: tier, includeDownstream: downstream.includeDownstream)
        guard output.format == .table else { return try output.show(document: body, on: context.console) }
        guard !output.quiet else { return try context.console.print(body.quietValue) }
        let terminal = context.console.output.terminal
        let numbers = FleetNumbers(isExact: body.isExact)
        try output.show(body, on: context.console)
        if !body.health.kernels.isEmpty {
            try context.console.print("")
            try context.console.print(
                Table(
                    columns: [.whole("KERNEL"), .number("APPLIED"), .number("FAILED"), .number("PENDING")],
                    rows: body.health.kernels.map { [Cell($0.kernel)] + numbers.cells($0.counts) }
                ).lines(for: terminal))
        }
        if !body.health.failures.isEmpty {
            try context.console.print("")
            try context.console.print(
                Table(
                    columns: [.whole("FAILURE"), .whole("TIER"), .number("MACHINES"), .text("MESSAGE")],
                    rows: body.health.failures.map {
                        [Cell($0.state.rawValue, .bad), Cell($0.tier), Cell(numbers.text($0.machines)), Cell($0.message)]
                    }
                ).lines(for: terminal))
        }
        try DownstreamText(body.deployments, isIncluded: downstream.includeDownstream, hasDownstreams: body.hasDownstreams)
            .show(output, on: context.console)
        KeptReports.tell(body.keepsReports, on: context.console)
    }
}

extension FleetInquiry.Health: Detailed {
    public var quietValue: String { "\(health.counts.applied) \(health.counts.failed) \(health.counts.pending)" }

    public func details(_ text: HumanText) -> [Detail] {
        let numbers = FleetNumbers(isExact: isExact)
        let cells = numbers.cells(health.counts)
        return [
            Detail("Patch", Cell(health.version)),
            Detail("Tier", Cell(tier?.description ?? "all")),
            Detail("Applied", cells[0]),
            Detail("Failed", cells[1]),
            Detail("Pending", cells[2]),
        ]
    }
}

extension FleetNumbers {
    fileprivate func cells(_ counts: PatchHealth.Counts) -> [Cell] {
        [
            Cell(text(counts.applied), counts.applied == 0 ? .plain : .good),
            Cell(text(counts.failed), counts.failed == 0 ? .plain : .bad), Cell(text(counts.pending)),
        ]
    }
}
