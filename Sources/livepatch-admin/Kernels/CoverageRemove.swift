import ArgumentParser
import LivepatchConsole
import LivepatchKit

struct CoverageRemove: AdminCommand {
    static let configuration = CommandConfiguration(
        "remove", "Removes an entry.",
        does: """
            The upstream's entry for the same kernels counts again, if there is one. Entries of the upstream can only be removed there.
            """,
        examples: ["kernels coverage remove 5.15 generic amd64 --codename jammy"], aliases: ["delete"])

    @OptionGroup var server: ServerOptions
    @OptionGroup var change: CoverageChangeOptions
    @OptionGroup var kernels: CoverageSelection

    func run(_ context: AdminContext) async throws {
        try await change.carryOut(CoverageChange(remove: [kernels.key]), context)
    }
}
