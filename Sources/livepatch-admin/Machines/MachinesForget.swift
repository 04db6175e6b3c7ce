import ArgumentParser
import LivepatchAPI
import LivepatchConsole
import LivepatchKit

struct MachinesForget: AdminCommand {
    static let configuration = CommandConfiguration(
        "forget", "Forgets machines, with their tokens and what they reported.",
        does: """
            Names machines, or filters that fit them; filters need --yes, or --dry-run to see which machines they fit. A machine that \
            still runs has to register again. This cannot be undone. With --quiet or --dry-run the hashed ids are printed.
            """,
        examples: [
            "machines forget 3f9a17c2", "machines forget --silent 90d --dry-run", "machines forget --group lab --yes",
        ])

    @OptionGroup var server: ServerOptions
    @OptionGroup var filters: MachineFilterOptions
    @OptionGroup var output: OutputOptions

    @Argument(help: "Machines by their own id, their hash, or eight digits of that or more.")
    var machines: [String] = []

    @Flag(help: "Only show which machines are meant; change nothing.")
    var dryRun = false

    @Flag(help: "Forget the machines that the filters fit.")
    var yes = false

    func run(_ context: AdminContext) async throws {
        let query = filters.query(now: context.console.now())
        let hasFilters = query != MachineQuery()
        guard hasFilters || !machines.isEmpty else {
            throw LivepatchError(
                .malformedValue, "Nothing says which machines are to be forgotten.",
                suggestion: "Name machines, or give filters such as --silent 90d.")
        }
        guard !hasFilters || machines.isEmpty else {
            throw LivepatchError(
                .malformedValue, "Machines and filters are given, and only one of them can say which machines are meant.",
                suggestion: "Leave out one of them.")
        }
        guard !hasFilters || yes || dryRun else {
            throw LivepatchError(
                .malformedValue, "Filters can fit more machines than you think of.",
                suggestion: "See them with --dry-run, then forget them with --yes.")
        }
        let result = try await context.server.forgetMachines(
            MachineForgetBody(machines: machines, query: hasFilters ? query : nil, dryRun: dryRun))
        if output.format != .table {
            try output.show(document: result, on: context.console)
        } else if output.quiet || dryRun {
            try context.console.print(result.ids.map(\.description))
        }
        let text = context.console.humanText
        let count = text.count(result.machines, "machine")
        let rest = result.machines > result.ids.count && dryRun ? " The first \(result.ids.count) are shown." : ""
        context.console.note(dryRun ? "\(count) would be forgotten.\(rest)" : "\(count) forgotten.")
    }
}
