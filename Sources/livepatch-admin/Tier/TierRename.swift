import ArgumentParser
import LivepatchKit

struct TierRename: AdminCommand {
    static let configuration = CommandConfiguration(
        "rename", "Gives a tier another name.",
        does: """
            What the tier holds and the sync tokens that refer to it stay with it.
            """,
        examples: ["tier rename candidate preview", "tier rename candidate preview --dry-run"])

    @OptionGroup var server: ServerOptions
    @OptionGroup var change: ChangeOptions

    @Argument(help: "The tier.", transform: tierName)
    var tier: TierName

    @Argument(help: "Its new name: lower-case letters, digits and hyphens.", transform: tierName)
    var newName: TierName

    func run(_ context: AdminContext) async throws {
        try await change.carryOut(.renameTier(name: tier, newName: newName), context)
    }
}
