import ArgumentParser
import LivepatchAPI
import LivepatchConsole

struct AuthTokensRevoke: AdminCommand {
    static let configuration = CommandConfiguration(
        "revoke", "Revokes an auth token, and with it the tokens of its machines.",
        does: """
            Nothing registers with it any more, and the machines attached with it are refused until they register with another one. \
            This cannot be undone; another token of the same id can be issued.
            """,
        examples: ["auth-tokens revoke web-servers"], aliases: ["delete"])

    @OptionGroup var server: ServerOptions

    @Argument(help: "The token's id.")
    var id: String

    func run(_ context: AdminContext) async throws {
        let token = try await context.server.revokeAuthToken(id)
        let machines = context.console.humanText.count(token.machines, "machine")
        context.console.note("The auth token '\(token.id)' is revoked, and \(machines) with it.")
    }
}
