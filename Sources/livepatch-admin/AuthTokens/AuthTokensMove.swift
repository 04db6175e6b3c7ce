import ArgumentParser
import LivepatchAPI
import LivepatchConsole
import LivepatchKit

struct AuthTokensMove: AdminCommand {
    static let configuration = CommandConfiguration(
        "move", "Moves an auth token and its machines to another tier.",
        does: """
            From their next check-in on the machines attached with the token are offered what the other tier holds. A patch that is \
            applied and that the tier does not hold stays applied.
            """,
        examples: ["auth-tokens move web-servers beta"])

    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    @Argument(help: "The token's id.")
    var id: String

    @Argument(help: "The tier that its machines belong to from now on.", transform: tierName)
    var tier: TierName

    func run(_ context: AdminContext) async throws {
        let token = try await context.server.moveAuthToken(id, to: tier)
        let console = context.console
        if output.format != .table {
            try output.show(document: token, on: console)
        } else if !output.quiet {
            let machines = console.humanText.count(token.machines, "machine")
            console.note("The auth token '\(token.id)' now belongs to the tier \(token.tier), and \(machines) with it.")
        }
    }
}
