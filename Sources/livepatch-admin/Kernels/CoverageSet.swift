import ArgumentParser
import FoundationEssentials
import LivepatchConsole
import LivepatchKit

struct CoverageSet: AdminCommand {
    static let configuration = CommandConfiguration(
        "set", "Adds an entry, or changes the one for the same kernels.",
        does: """
            After --until such kernels count as at their end of life. With --oldest-build those that were built before need an \
            upgrade to get patches. Days are in UTC, and the last one counts whole.
            """,
        examples: [
            "kernels coverage set 5.15 generic amd64 --until 2032-04-30",
            "kernels coverage set 6.8 aws arm64 --until 2029-05-31",
        ])

    @OptionGroup var server: ServerOptions
    @OptionGroup var change: CoverageChangeOptions
    @OptionGroup var kernels: CoverageSelection

    @Option(
        help: ArgumentHelp("The last day, or the last moment, on which they get patches.", valueName: "day-or-time"),
        transform: { try KernelCoverage.end(parsing: $0) })
    var until: Date

    @Option(
        help: ArgumentHelp("The first day, or moment, of which builds get patches.", valueName: "day-or-time"),
        transform: { try KernelCoverage.beginning(parsing: $0) })
    var oldestBuild: Date?

    func run(_ context: AdminContext) async throws {
        let entry = KernelCoverage(kernels.key, coveredUntil: until, oldestBuild: oldestBuild)
        try await change.carryOut(CoverageChange(set: [entry]), context)
    }
}
