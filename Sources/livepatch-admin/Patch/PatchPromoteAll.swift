import ArgumentParser
import LivepatchKit

struct PatchPromoteAll: AdminCommand {
    static let configuration = CommandConfiguration(
        "promote-all", "Makes everything that a tier holds available up to a later tier.",
        does: """
            All patch versions of the first tier enter every tier from there to the second one, so that afterwards these tiers hold \
            the same.
            """,
        examples: ["patch promote-all edge stable --dry-run", "patch promote-all beta candidate"])

    @OptionGroup var server: ServerOptions
    @OptionGroup var change: ChangeOptions

    @Argument(help: "The tier whose patch versions are promoted.", transform: tierName)
    var from: TierName

    @Argument(help: "The last tier that gets them.", transform: tierName)
    var to: TierName

    func run(_ context: AdminContext) async throws {
        try await change.carryOut(.promoteAll(from: from, to: to), context)
    }
}
