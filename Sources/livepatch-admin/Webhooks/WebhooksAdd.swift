import ArgumentParser
import LivepatchAPI
import LivepatchConsole
import LivepatchKit

struct WebhooksAdd: AdminCommand {
    static let configuration = CommandConfiguration(
        "add", "Adds a webhook, and prints the secret that its messages are signed with.",
        does: """
            It is told of what happens from now on. The secret is all that goes to standard output, and is not shown again; with \
            --secret-file the receiver's own is used, and none is printed. Addresses of this machine and of private networks are \
            allowed. Without https anybody on the way can read the messages, though not change them.
            """,
        examples: [
            "webhooks add https://example.com/hook --event 'patch.*'",
            "webhooks add http://10.0.0.5/ --event sync.failed",
            "webhooks add https://10.0.0.5/ --event '*' --secret-file key",
        ])

    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var secret: SecretDelivery

    @Argument(help: "Where messages are posted.", transform: { try WebhookURL(parsing: $0) })
    var url: WebhookURL

    @Option(help: "An event to tell; may be repeated, or list several with commas.")
    var event: [String]

    @Option(
        help: ArgumentHelp("Sign with the secret in this file (whsec_…) instead of a new one.", valueName: "file"),
        completion: .file())
    var secretFile: String?

    func validate() throws {
        if secretFile != nil, secret.path != nil {
            throw ValidationError("--output is for a secret that the server makes; with --secret-file there is none.")
        }
    }

    func run(_ context: AdminContext) async throws {
        let console = context.console
        let events = try WebhookSubscription(event.flatMap { $0.split(separator: ",").map(String.init) })
        func sentence(_ webhook: Webhook) -> String {
            "The webhook \(webhook.id) tells \(webhook.url) of \(events.patterns.joined(separator: ", "))."
        }
        if let secretFile {
            let given = try WebhookSecret(parsing: try SecretInput(console: console).readFile(secretFile))
            let webhook = try await context.server.addWebhook(url, events: events, secret: given.text).webhook
            if output.quiet || output.format != .table { try output.show(webhook, on: console) }
            if !output.quiet { console.note("\(sentence(webhook)) Its messages are signed with the secret in '\(secretFile)'.") }
            return
        }
        try await secret.deliver(
            output, on: console, issue: { try await context.server.addWebhook(url, events: events, secret: nil) },
            sentence: { sentence($0.webhook) })
    }
}

extension AddedWebhookBody: IssuedSecret {
    var token: Webhook { webhook }
    var tokenName: String { "\(webhook.id)" }
    var issuance: String { "The webhook \(webhook.id) was added" }
    var remedy: String { "remove the webhook and add it anew" }
    var roots: [TrustedRoot] { [] }
    var trustLines: [String] { [] }
}
