import ArgumentParser
import LivepatchConsole

/// The options of every command whose change can be looked at before it is made.
struct PlanOptions: ParsableArguments {
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

    /// Shows what was done, or would be.
    /// - Parameters:
    ///   - change: the change's number; `nil` if nothing was changed.
    ///   - mark: what `--if-match` takes to do exactly this; `nil` if it is done or nothing is to do.
    ///   - readable: shows it to people.
    func show<Result: Encodable>(
        _ result: Result, change: Int64?, mark: String?, on console: Console, readable: () throws -> Void
    ) throws {
        if output.quiet {
            try console.print(change.map { ["\($0)"] } ?? [])
        } else if output.format != .table {
            try output.show(document: result, on: console)
        } else {
            try readable()
            if let mark { console.note("To do exactly this, or nothing: --if-match \(mark)") }
        }
    }
}
