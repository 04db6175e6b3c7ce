import ArgumentParser
import LivepatchKit

struct PatchWithdraw: AdminCommand {
    static let configuration = CommandConfiguration(
        "withdraw", "Takes a patch version out of a tier and every later one.",
        does: """
            It stays in the tiers before. It is no longer offered to machines and downstreams of the other tiers; what machines have \
            applied already stays applied.
            """,
        examples: ["patch withdraw 107.1 stable --dry-run", "patch withdraw 107.1 edge"])

    @OptionGroup var server: ServerOptions
    @OptionGroup var change: ChangeOptions

    @Argument(help: "The patch version, such as 107.1.", transform: patchVersion)
    var version: PatchVersion

    @Argument(help: "The first tier that loses it.", transform: tierName)
    var tier: TierName

    func run(_ context: AdminContext) async throws {
        try await change.carryOut(.withdraw(version: version, tier: tier), context)
    }
}
