import ArgumentParser
import LivepatchAPI
import LivepatchConsole
import LivepatchKit

/// The options of every command that changes the coverage table.
struct CoverageChangeOptions: ParsableArguments {
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

    /// Carries out a change, or plans it, and shows what it does.
    func carryOut(_ change: CoverageChange, _ context: AdminContext) async throws {
        let result = try await context.server.changeCoverage(change, dryRun: dryRun, ifMatch: ifMatch)
        if output.quiet {
            try context.console.print(result.change.map { ["\($0)"] } ?? [])
        } else if output.format != .table {
            try output.show(document: result, on: context.console)
        } else {
            try context.console.print(lines(result, change, on: context.console))
            if let mark = result.mark, !result.plan.isEmpty {
                context.console.note("To do exactly this, or nothing: --if-match \(mark)")
            }
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
