import LivepatchConsole
import ArgumentParser

struct SyncTokensRevoke: AdminCommand {
    static let configuration = CommandConfiguration(
        "revoke", "Revokes a sync token.",
        does:
            "The downstream that uses it is refused from then on. This cannot be undone; another token of the same name can be issued.",
        examples: ["sync-tokens revoke my-token"], aliases: ["delete"])

    @OptionGroup var server: ServerOptions

    @Argument(help: "The token's name.")
    var name: String

    func run(_ context: AdminContext) async throws {
        try await context.server.revokeSyncToken(name)
        context.console.note("The sync token '\(name)' is revoked.")
    }
}
