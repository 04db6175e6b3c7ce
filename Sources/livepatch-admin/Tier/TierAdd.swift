import ArgumentParser
import LivepatchKit

struct TierAdd: AdminCommand {
    static let configuration = CommandConfiguration(
        "add", "Adds a tier.",
        does: """
            The new tier is the last one unless --before or --after says otherwise. It holds what the tier after it holds, and so \
            nothing if it is the last.
            """,
        examples: ["tier add canary --before edge", "tier add frozen --dry-run"])

    @OptionGroup var server: ServerOptions
    @OptionGroup var change: ChangeOptions

    @Argument(help: "The new tier: lower-case letters, digits and hyphens.", transform: tierName)
    var name: TierName

    @OptionGroup var place: TierPlace

    func run(_ context: AdminContext) async throws {
        try await change.carryOut(.addTier(name: name, position: place.position), context)
    }
}
