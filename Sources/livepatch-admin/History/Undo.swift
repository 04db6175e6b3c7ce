import ArgumentParser
import LivepatchKit

struct Undo: AdminCommand {
    static let configuration = CommandConfiguration(
        "undo", "Takes back a recorded change of tiers, promotions or blocks.",
        does: """
            The change is reversed by a new change, which is recorded like any other and can be undone in turn. Refused if what was changed has \
            been changed again since: undo the later changes first.
            """,
        examples: ["history", "undo 17 --dry-run", "undo 17"])

    @OptionGroup var server: ServerOptions
    @OptionGroup var change: ChangeOptions

    @Argument(help: "The number that `livepatch-admin history` shows.")
    var id: Int64

    func run(_ context: AdminContext) async throws {
        try await change.carryOut(.undo(change: id), context)
    }
}
