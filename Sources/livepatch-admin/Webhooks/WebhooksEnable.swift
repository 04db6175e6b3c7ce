import ArgumentParser
import LivepatchConsole

struct WebhooksEnable: AdminCommand {
    static let configuration = CommandConfiguration(
        "enable", "Lets a webhook begin again that was disabled.",
        does: """
            A webhook is disabled when its receiver answers 410 (Gone). What was on its way then is delivered; what happened \
            meanwhile is not.
            """,
        examples: ["webhooks enable 1"])

    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    @Argument(help: "The webhook's id.")
    var id: Int64

    func run(_ context: AdminContext) async throws {
        try output.show(try await context.server.enableWebhook(id), on: context.console)
    }
}
