import ArgumentParser
import FoundationEssentials
import LivepatchAPI
public import LivepatchConsole
public import LivepatchKit

struct MachinesShow: AdminCommand {
    static let configuration = CommandConfiguration(
        "show", "Shows a machine and what it reported.",
        does: "Shows what the server knows of the machine, and its changes, newest first. With --quiet its hashed id alone.",
        examples: ["machines show 3f9a17c2", "machines show my-machine --history 100 --format json"])

    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    @Argument(help: "The machine's own id, its hash, or eight digits of that or more.")
    var machine: String

    @Option(help: "How many changes are shown, 0 to 1000.")
    var history = 20

    func validate() throws {
        guard (0...1000).contains(history) else { throw ValidationError("--history is 0 to 1000.") }
    }

    func run(_ context: AdminContext) async throws {
        let body = try await context.server.machine(machine, history: history)
        guard output.format == .table, !output.quiet else {
            return try output.quiet
                ? context.console.print(body.machine.quietValue) : output.show(document: body, on: context.console)
        }
        try output.show(body.machine, on: context.console)
        if !body.history.isEmpty {
            try context.console.print("")
            try output.show(body.history, empty: "", on: context.console)
        }
        KeptReports.tell(body.keepsReports, on: context.console)
    }
}

extension Machine: Detailed {
    public var quietValue: String { id.description }

    public func details(_ text: HumanText) -> [Detail] {
        var details = [
            Detail("Machine", Cell(id)),
            Detail("Tier", Cell(tier)),
            Detail("Auth token", Cell(authToken)),
            Detail("Registered", Cell(text.time(registered))),
            Detail("Last seen", Cell(text.time(lastSeen, missing: "never"))),
            Detail("Tags", Cell(listing: tags)),
        ]
        if let report {
            details += [
                Detail("Kernel", Cell(report.kernel)),
                Detail("Patch", MachineText.patch(report)),
                Detail("State", MachineText.state(self)),
                Detail("Since", Cell(stateSince.map { text.time($0) })),
                Detail("Booted", Cell(booted.map { text.time($0) })),
            ]
            let more: [(String, (any CustomStringConvertible)?)] = [
                ("Message", report.message), ("Client", report.clientVersion), ("CPU", report.cpuModel),
                ("Codename", report.codename), ("Kernel built", report.kernelBuildDate.map { text.time($0) }),
                ("Cutoff date", report.cutoffDate.map(Timestamp.text)),
                ("Patch delay", report.patchDelaySeconds.map { text.duration(seconds: Double($0)) }),
            ]
            details += more.compactMap { label, value in value.map { Detail(label, Cell($0.description)) } }
        }
        if let sharedSince {
            details.append(
                Detail("Id shared", Cell("two machines seem to use this id, since \(text.time(sharedSince))", .bad)))
        }
        return details
    }
}

extension MachineUpdate: Listed {
    public static var columns: [Column] {
        [.whole("REPORTED"), .whole("KERNEL"), .whole("PATCH"), .whole("STATE"), .text("MESSAGE")]
    }

    public var quietValue: String { Timestamp.text(time) }

    public func row(_ text: HumanText) -> [Cell] {
        [
            Cell(text.time(time)), Cell(report.kernel), MachineText.patch(report), MachineText.state(report.patchState),
            Cell(report.message),
        ]
    }
}
