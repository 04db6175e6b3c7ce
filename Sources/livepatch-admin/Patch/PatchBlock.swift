import ArgumentParser
import LivepatchKit

struct PatchBlock: AdminCommand {
    static let configuration = CommandConfiguration(
        "block", "Stops the delivery of a patch version, here and on every server below.",
        does: """
            The version disappears from every tier at once, and the block travels down the chain ahead of everything else, whatever \
            patch-sync.sync-tiers says there. Its places in the tiers are kept for the day that it is unblocked.
            """,
        examples: [
            "patch block 107.1 --reason 'crashes on 5.15.0-107' --dry-run", "patch block 107.1 --reason LP-1234",
        ])

    @OptionGroup var server: ServerOptions
    @OptionGroup var change: ChangeOptions

    @Argument(help: "The patch version, such as 107.1.", transform: patchVersion)
    var version: PatchVersion

    @Option(help: "Why: one line, kept in the history.")
    var reason: String

    func run(_ context: AdminContext) async throws {
        try await change.carryOut(.block(version: version, reason: reason), context)
    }
}
