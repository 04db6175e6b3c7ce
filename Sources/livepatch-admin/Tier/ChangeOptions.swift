import LivepatchAPI
import ArgumentParser
import LivepatchConsole
import LivepatchKit

/// The options of every command that changes tiers or what they hold.
struct ChangeOptions: ParsableArguments {
    @Flag(help: "Only show what would change; change nothing.")
    var dryRun = false

    @Option(
        help: ArgumentHelp(
            "Do exactly what a dry run showed with this mark, or nothing if it would be something else by now.", valueName: "mark"
        ))
    var ifMatch: String?

    func validate() throws {
        guard !dryRun || ifMatch == nil else { throw ValidationError("--dry-run and --if-match exclude each other.") }
    }

    @OptionGroup var output: OutputOptions

    /// Carries out a command, or plans it, and shows the plan and the number that `undo` takes.
    func carryOut(_ command: TierCommand, _ context: AdminContext) async throws {
        let result = try await context.server.change(command, dryRun: dryRun, ifMatch: ifMatch)
        if output.quiet {
            try context.console.print(result.change.map { ["\($0)"] } ?? [])
        } else if output.format != .table {
            try output.show(document: result, on: context.console)
        } else {
            let text = PlanText(result)
            try context.console.print(text.lines(on: context.console.output.terminal))
            if let undo = text.undoHint { context.console.note(undo) }
            if let mark = result.mark, !result.plan.isEmpty {
                context.console.note("To do exactly this, or nothing: --if-match \(mark)")
            }
        }
    }
}
