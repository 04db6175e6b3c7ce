import ArgumentParser
import LivepatchKit

struct TierRestore: AdminCommand {
    static let configuration = CommandConfiguration(
        "restore", "Brings back the tiers of a snapshot.",
        does: """
            Tiers and what they hold become what they were when the snapshot was taken; patch versions that were in no tier then \
            are in none again, and those that came later are in the first tier. Refused as long as patch-sync.sync-tiers is on.
            """,
        examples: ["tier snapshots", "tier restore 1 --dry-run", "tier restore 1"])

    @OptionGroup var server: ServerOptions
    @OptionGroup var change: ChangeOptions

    @Argument(help: "The number that `livepatch-admin tier snapshots` shows.")
    var snapshot: Int64

    func run(_ context: AdminContext) async throws {
        try await change.carryOut(.restore(snapshot: snapshot), context)
    }
}
