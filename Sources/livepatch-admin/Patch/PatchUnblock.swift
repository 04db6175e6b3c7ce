import ArgumentParser
import LivepatchKit

struct PatchUnblock: AdminCommand {
    static let configuration = CommandConfiguration(
        "unblock", "Lifts a block that was made on this server.",
        does: """
            The version is offered again in the tiers that hold it. A block that was made upstream can only be lifted there.
            """,
        examples: ["patch unblock 107.1 --reason 'fixed by a firmware update'"])

    @OptionGroup var server: ServerOptions
    @OptionGroup var change: ChangeOptions

    @Argument(help: "The patch version, such as 107.1.", transform: patchVersion)
    var version: PatchVersion

    @Option(help: "Why: one line, kept in the history.")
    var reason: String

    func run(_ context: AdminContext) async throws {
        try await change.carryOut(.unblock(version: version, reason: reason), context)
    }
}
