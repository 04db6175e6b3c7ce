import ArgumentParser
import LivepatchAPI
import LivepatchConsole
import LivepatchKit

/// The options of the commands that list machines.
struct MachineListingOptions: ParsableArguments {
    @OptionGroup var downstream: DownstreamOptions

    @Flag(help: "Only say how many there are.")
    var count = false

    @Option(help: "The most machines that are shown; 0 for all.")
    var limit = 1000

    /// How many are asked for at once.
    private static let page = 1000

    func validate() throws {
        guard limit >= 0 else { throw ValidationError("--limit is 0 or more.") }
    }

    func show(_ query: MachineQuery, _ output: OutputOptions, _ context: AdminContext) async throws {
        let includesDownstream = downstream.includeDownstream
        if count {
            let body = try await context.server.machineCount(query, includeDownstream: includesDownstream)
            try output.format == .table
                ? context.console.print("\(body.machines)") : output.show(document: body, on: context.console)
            return KeptReports.tell(body.keepsReports, on: context.console)
        }
        var lines: [MachineAdministration.Line] = []
        var next: String?
        var keepsReports = true
        repeat {
            let rest = limit == 0 ? Self.page : min(Self.page, limit - lines.count)
            let body = try await context.server.machines(query, includeDownstream: includesDownstream, after: next, limit: rest)
            lines += body.machines
            next = body.next
            keepsReports = body.keepsReports
        } while next != nil && (limit == 0 || lines.count < limit)
        let empty = "There are no such machines."
        if includesDownstream {
            try output.show(lines.map(DeployedMachine.init), document: lines, empty: empty, on: context.console)
        } else {
            try output.show(lines, document: lines, empty: empty, on: context.console)
        }
        if next != nil { context.console.note("There are more; --limit 0 shows all, --count says how many.") }
        KeptReports.tell(keepsReports, on: context.console)
    }
}
