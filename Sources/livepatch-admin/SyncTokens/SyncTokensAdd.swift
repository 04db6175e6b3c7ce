import ArgumentParser
import LivepatchAPI
import LivepatchConsole
import LivepatchKit

struct SyncTokensAdd: AdminCommand {
    static let configuration = CommandConfiguration(
        "add", "Issues a sync token and prints its secret.",
        does: """
            The downstream that uses it (patch-sync.token) sees what the tier holds. The secret is all that goes to standard output, \
            and is not shown again. Without --valid-until the token never expires.
            """,
        examples: [
            "sync-tokens add edge my-token", "sync-tokens add stable site-7 --valid-until 30d",
            "sync-tokens add stable site-7 --output site-7.token",
        ])

    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var secret: SecretDelivery

    @Argument(help: "The tier that the token opens.", transform: tierName)
    var tier: TierName

    @Argument(help: "The token's name.")
    var name: String

    @Option(
        help: ArgumentHelp("When it expires: a time in RFC 3339, or a duration such as 30d.", valueName: "time-or-duration"),
        transform: { try Deadline(parsing: $0) })
    var validUntil: Deadline?

    func run(_ context: AdminContext) async throws {
        let console = context.console
        let deadline = try validUntil?.date(now: console.now())
        try await secret.deliver(
            output, on: console,
            issue: { try await context.server.addSyncToken(tier: tier, name: name, validUntil: deadline) },
            sentence: { issued in
                let token = issued.syncToken
                let end = token.validUntil.map { "expires \(console.humanText.time($0))" } ?? "never expires"
                return "The sync token '\(token.name)' for the tier \(token.tier) \(end)."
            })
    }
}
