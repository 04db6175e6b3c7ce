import ArgumentParser
import LivepatchAPI
public import LivepatchConsole
public import LivepatchKit

struct WebhooksTest: AdminCommand {
    static let configuration = CommandConfiguration(
        "test", "Has a test message posted, and shows what came of it.",
        does: """
            The message has the type webhook.test, and is signed as all others. It is posted once, whatever the webhook subscribes \
            to. The exit status is 69 if it was not taken.
            """,
        examples: ["webhooks test 1"])

    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    @Argument(help: "The webhook's id.")
    var id: Int64

    func run(_ context: AdminContext) async throws {
        let attempt = try await context.server.testWebhook(id)
        try output.show(attempt, on: context.console)
        guard attempt.isSuccess else { throw ExitStatus.unavailable.exit }
    }
}

extension WebhookAttempt: Detailed {
    public var quietValue: String { status.map(String.init) ?? "-" }

    public func details(_ text: HumanText) -> [Detail] {
        [
            Detail("Result", isSuccess ? Cell("taken", .good) : Cell("not taken", .bad)), Detail("Answer", Cell(message)),
            Detail("Took", Cell("\(milliseconds) ms")),
        ]
    }
}
