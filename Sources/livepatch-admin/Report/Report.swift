import ArgumentParser

struct Report: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report", abstract: "Tells what became of the patches on machines.",
        discussion: """
            Counts the machines that are attached to this server and, with --include-downstream, those of the servers below it, each \
            with the age of its numbers.

            Examples:
              livepatch-admin report summary
              livepatch-admin report patch-health stable 107.1 --include-downstream
              livepatch-admin report machines stable 107.1 apply-failed
            """,
        subcommands: [ReportSummary.self, ReportPatchHealth.self, ReportMachines.self])
}
