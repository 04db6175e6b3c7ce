import ArgumentParser
import LivepatchKit

struct TierRemove: AdminCommand {
    static let configuration = CommandConfiguration(
        "remove", "Removes a tier.",
        does: """
            What the tier holds stays in the tiers before it. A tier that sync tokens refer to is not removed, unless --force moves \
            them to the previous tier.
            """,
        examples: ["tier remove candidate --dry-run", "tier remove candidate --force"])

    @OptionGroup var server: ServerOptions
    @OptionGroup var change: ChangeOptions

    @Argument(help: "The tier.", transform: tierName)
    var tier: TierName

    @Flag(help: "Move the sync tokens that refer to the tier to the previous one.")
    var force = false

    func run(_ context: AdminContext) async throws {
        try await change.carryOut(.removeTier(name: tier, force: force), context)
    }
}
