import ArgumentParser
import LivepatchConsole
import LivepatchKit

struct ReportMachines: AdminCommand {
    static let configuration = CommandConfiguration(
        "machines", "Lists the machines of a tier.",
        does: """
            With a patch version only those that have it applied or tried to, with a state only those in that state. What machines say \
            when something failed is in the last column. With --quiet the hashed ids alone.
            """,
        examples: [
            "report machines stable", "report machines stable 107.1 apply-failed", "report machines edge 107.1 --count",
        ])

    @OptionGroup var server: ServerOptions
    @OptionGroup var listing: MachineListingOptions
    @OptionGroup var output: OutputOptions

    @Argument(help: "The tier.", transform: tierName)
    var tier: TierName

    @Argument(help: "The patch version.", transform: patchVersion)
    var version: PatchVersion?

    @Argument(help: "The state, such as applied or apply-failed.", transform: patchState)
    var state: PatchState?

    func run(_ context: AdminContext) async throws {
        var query = MachineQuery()
        query.tier = tier
        query.patchVersion = version
        query.states = state.map { [$0] } ?? []
        try await listing.show(query, output, context)
    }
}
