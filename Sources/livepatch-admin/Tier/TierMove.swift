import ArgumentParser
import LivepatchKit

struct TierMove: AdminCommand {
    static let configuration = CommandConfiguration(
        "move", "Puts a tier at another place in the order.",
        does: """
            Nobody is shown what they did not see before: in the new order a patch version keeps only the tiers up to the first one \
            that did not hold it. Look at the plan with --dry-run first. Without --before and --after the tier becomes the last one.
            """,
        examples: ["tier move beta --after candidate --dry-run", "tier move canary --before edge"])

    @OptionGroup var server: ServerOptions
    @OptionGroup var change: ChangeOptions

    @Argument(help: "The tier.", transform: tierName)
    var tier: TierName

    @OptionGroup var place: TierPlace

    func run(_ context: AdminContext) async throws {
        try await change.carryOut(.moveTier(name: tier, position: place.position), context)
    }
}
