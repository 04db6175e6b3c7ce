import ArgumentParser
import LivepatchKit

struct PatchPromote: AdminCommand {
    static let configuration = CommandConfiguration(
        "promote", "Puts a patch version into a tier and every one before it.",
        does: """
            The machines and downstreams of these tiers are offered it from then on.
            """,
        examples: ["patch promote 107.1 stable --dry-run", "patch promote 107.1 beta"])

    @OptionGroup var server: ServerOptions
    @OptionGroup var change: ChangeOptions

    @Argument(help: "The patch version, such as 107.1.", transform: patchVersion)
    var version: PatchVersion

    @Argument(help: "The last tier that gets it.", transform: tierName)
    var tier: TierName

    func run(_ context: AdminContext) async throws {
        try await change.carryOut(.promote(version: version, tier: tier), context)
    }
}
