import ArgumentParser

/// Measures, and compares what was measured.
@main
struct BenchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "livepatch-bench",
        abstract: "Measures imports, syncs, downloads, check-ins and pushes, each against what it cannot be faster than.",
        subcommands: [MeasureCommand.self, CompareCommand.self, BaselineCommand.self],
        defaultSubcommand: MeasureCommand.self)
}
