import ArgumentParser
import LivepatchAPI
import LivepatchConsole
import LivepatchKit

/// `auth-token ID TIER`, as Livepatch on-prem has it.
struct AuthTokenAdd: AdminCommand {
    static let configuration = CommandConfiguration(
        "auth-token", "Issues an auth token, which attaches machines to a tier, and prints its secret.",
        does: """
            Any number of machines register with it (livepatch-agent enable TOKEN), or as many as --machine-limit says, and get what \
            the tier holds. The secret is all that goes to standard output, and is not shown again. After --valid-until it attaches \
            no more machines; those attached stay.
            """,
        examples: [
            "auth-token web-servers stable", "auth-token 'site 7' edge --valid-until 30d",
            "auth-token lab beta --machine-limit 20 --output lab.token",
        ])

    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var secret: SecretDelivery

    @Argument(help: "A name for the group of machines.")
    var id: String

    @Argument(help: "The tier that the machines belong to.", transform: tierName)
    var tier: TierName

    @Option(
        help: ArgumentHelp(
            "When it stops attaching machines: a time in RFC 3339, or a duration such as 30d.", valueName: "time-or-duration"),
        transform: { try Deadline(parsing: $0) })
    var validUntil: Deadline?

    @Option(help: ArgumentHelp("The most machines that it attaches, 1 or more.", valueName: "number"))
    var machineLimit: Int?

    func validate() throws {
        if let machineLimit, machineLimit < 1 { throw ValidationError("--machine-limit is 1 or more.") }
    }

    func run(_ context: AdminContext) async throws {
        let console = context.console
        let deadline = try validUntil?.date(now: console.now())
        try await secret.deliver(
            output, on: console,
            issue: {
                try await context.server.addAuthToken(id: id, tier: tier, validUntil: deadline, machineLimit: machineLimit)
            },
            sentence: { issued in
                let token = issued.authToken
                let end = token.validUntil.map { "until \(console.humanText.time($0))" } ?? "for as long as it is not revoked"
                let machines =
                    switch token.machineLimit {
                    case nil: "machines"
                    case 1?: "one machine"
                    case let limit?: "up to \(limit) machines"
                    }
                return "The auth token '\(token.id)' attaches \(machines) to the tier \(token.tier) \(end)."
            })
    }
}
