import LivepatchAPI
import ArgumentParser
import LivepatchConsole
import LivepatchKit

/// The options of every command that changes tiers or what they hold.
struct ChangeOptions: ParsableArguments {
    @OptionGroup var planning: PlanOptions

    /// Carries out a command, or plans it, and shows the plan and the number that `undo` takes.
    func carryOut(_ command: TierCommand, _ context: AdminContext) async throws {
        let result = try await context.server.change(command, dryRun: planning.dryRun, ifMatch: planning.ifMatch)
        try planning.show(
            result, change: result.change, mark: result.plan.isEmpty ? nil : result.mark, on: context.console
        ) {
            let text = PlanText(result)
            try context.console.print(text.lines(on: context.console.output.terminal))
            if let undo = text.undoHint { context.console.note(undo) }
        }
    }
}
