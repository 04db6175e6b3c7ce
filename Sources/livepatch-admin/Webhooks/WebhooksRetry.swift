import ArgumentParser
public import LivepatchAPI
public import LivepatchConsole
import LivepatchKit

struct WebhooksRetry: AdminCommand {
    static let configuration = CommandConfiguration(
        "retry", "Has deliveries that were given up tried again.",
        does: "They begin at once, and with the whole schedule. Those that are pending are tried again by themselves.",
        examples: ["webhooks retry 17", "webhooks retry --failed --webhook 1"])

    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    @Argument(help: "The delivery's id.")
    var delivery: Int64?

    @Flag(help: "All that were given up.")
    var failed = false

    @Option(help: ArgumentHelp("Only those to this webhook.", valueName: "id"))
    var webhook: Int64?

    func validate() throws {
        guard failed != (delivery != nil) else { throw ValidationError("Name a delivery, or give --failed for all.") }
    }

    func run(_ context: AdminContext) async throws {
        let result = try await context.server.retryWebhookDeliveries(delivery, webhook: webhook)
        try output.show(result, on: context.console)
    }
}

extension WebhookRetryResultBody: Detailed {
    public var quietValue: String { "\(retried)" }
    public func details(_ text: HumanText) -> [Detail] { [Detail("Tried again", Cell("\(retried)"))] }
}
