import ArgumentParser
import LivepatchAPI
import LivepatchConsole
import LivepatchKit

/// The options of every command that changes the coverage table.
struct CoverageChangeOptions: ParsableArguments {
    @OptionGroup var planning: PlanOptions

    /// Carries out a change, or plans it, and shows what it does.
    func carryOut(_ change: CoverageChange, _ context: AdminContext) async throws {
        let result = try await context.server.changeCoverage(change, dryRun: planning.dryRun, ifMatch: planning.ifMatch)
        try planning.show(
            result, change: result.change, mark: result.plan.isEmpty ? nil : result.mark, on: context.console
        ) {
            try context.console.print(lines(result, change, on: context.console))
        }
    }

    private func lines(_ result: CoverageChangeResultBody, _ change: CoverageChange, on console: Console) -> [String] {
        let plan = result.plan
        let terminal = console.output.terminal
        guard !plan.isEmpty else { return ["\(change): there is nothing to change."] }
        let command = Style.strong.applied(to: PrintableText.line("\(change)"), on: terminal)
        let heading = result.change.map { "\(command): done, as change \($0)." } ?? "\(command) would change this:"
        return [heading]
            + (plan.added.map { "adds \($0.key): \(Self.text($0))" }
            + plan.changed.map { "changes \($0.after.key): \(Self.text($0.before)) → \(Self.text($0.after))" }
            + plan.removed.map { "removes \($0.key)" }
            + (plan.unchanged > 0 ? ["leaves \(plan.unchanged) as they are"] : [])).map { "  \($0)" }
    }

    private static func text(_ entry: KernelCoverage) -> String {
        let build = entry.oldestBuild.map { ", builds from \(Timestamp.text($0)) on" } ?? ""
        return "until \(Timestamp.text(entry.coveredUntil))\(build)"
    }
}
