import ArgumentParser
import LivepatchAPI
import LivepatchConsole
import LivepatchKit

struct SyncTokensRotate: AdminCommand {
    static let configuration = CommandConfiguration(
        "rotate", "Gives a sync token a new secret and prints it.",
        does: """
            The old secret goes on working for the time that --overlap says, so that the downstream can be changed over without a gap. \
            The new secret is all that goes to standard output, and is not shown again.
            """,
        examples: [
            "sync-tokens rotate my-token --overlap 24h",
            "sync-tokens rotate my-token --overlap 0s --output token.new",
        ])

    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var secret: SecretDelivery

    @Argument(help: "The token's name.")
    var name: String

    @Option(
        help: ArgumentHelp("How long the old secret still works, such as 24h; 0s for not at all.", valueName: "duration"),
        transform: duration)
    var overlap: Duration

    func run(_ context: AdminContext) async throws {
        let text = context.console.humanText
        try await secret.deliver(
            output, on: context.console, issue: { try await context.server.rotateSyncToken(name, overlap: overlap) },
            sentence: { issued in
                let token = issued.syncToken
                let old = token.oldSecretValidUntil.map { "its old one works until \(text.time($0))" }
                return "The sync token '\(token.name)' has a new secret; \(old ?? "its old one no longer works")."
            })
    }
}
