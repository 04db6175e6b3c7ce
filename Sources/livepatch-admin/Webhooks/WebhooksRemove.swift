import ArgumentParser
import LivepatchConsole

struct WebhooksRemove: AdminCommand {
    static let configuration = CommandConfiguration(
        "remove", "Removes a webhook, and what is on its way to it.",
        does: "Its secret is forgotten. This cannot be undone.", examples: ["webhooks remove 1"], aliases: ["delete"])

    @OptionGroup var server: ServerOptions

    @Argument(help: "The webhook's id.")
    var id: Int64

    func run(_ context: AdminContext) async throws {
        try await context.server.removeWebhook(id)
        context.console.note("The webhook \(id) is removed.")
    }
}
