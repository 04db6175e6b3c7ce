import ArgumentParser
import LivepatchConsole
import LivepatchKit

struct MachinesList: AdminCommand {
    static let configuration = CommandConfiguration(
        "list", "Lists machines.",
        does: """
            Shows the machines that fit all filters, with what they said last. With --include-downstream those follow whose reports \
            servers below pass on (patch-sync.send-machine-reports). With --quiet the hashed ids alone.
            """,
        examples: [
            "machines list --tier stable --silent 1d", "machines list --state apply-failed --count",
            "machines list --tag rack=7 --format json",
        ])

    @OptionGroup var server: ServerOptions
    @OptionGroup var filters: MachineFilterOptions
    @OptionGroup var listing: MachineListingOptions
    @OptionGroup var output: OutputOptions

    func run(_ context: AdminContext) async throws {
        try await listing.show(filters.query(now: context.console.now()), output, context)
    }
}
