import ArgumentParser
import LivepatchAPI
public import LivepatchConsole
public import LivepatchKit

struct WebhooksList: AdminCommand {
    static let configuration = CommandConfiguration(
        "list", "Lists the webhooks.",
        does: "Shows where messages go, of which events, and how the deliveries stand. Secrets are not shown.",
        examples: ["webhooks list", "webhooks list --format json"])

    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    func run(_ context: AdminContext) async throws {
        let body = try await context.server.webhooks()
        try output.show(body.webhooks, document: body, empty: "There are no webhooks.", on: context.console)
        guard output.format == .table, !output.quiet else { return }
        for webhook in body.webhooks.map(\.webhook) where webhook.disabled != nil {
            context.console.note(
                "The webhook \(webhook.id) is disabled because \(webhook.disabledReason ?? "somebody did so"); `livepatch-admin webhooks enable \(webhook.id)` lets it begin again."
            )
        }
    }
}

extension WebhookSummary: Listed {
    public static var columns: [Column] {
        [
            .number("ID"), .text("URL"), .text("EVENTS"), .whole("STATE"), .number("PENDING"), .number("FAILED"),
            .whole("LAST DELIVERED"),
        ]
    }

    public var quietValue: String { "\(webhook.id)" }

    public func row(_ text: HumanText) -> [Cell] {
        [
            "\(webhook.id)", Cell(webhook.url), Cell(listing: webhook.events.patterns),
            webhook.disabled == nil ? Cell("active", .good) : Cell("disabled", .warning), "\(pending)",
            Cell("\(failed)", failed > 0 ? .bad : .plain), Cell(text.time(lastDelivered, missing: "never")),
        ]
    }
}

extension Webhook: Detailed {
    public var quietValue: String { "\(id)" }

    public func details(_ text: HumanText) -> [Detail] {
        [
            Detail("Webhook", Cell("\(id)")), Detail("URL", Cell(url)), Detail("Events", Cell(listing: events.patterns)),
            Detail("State", disabled == nil ? Cell("active", .good) : Cell("disabled: \(disabledReason ?? "")", .warning)),
        ]
    }
}
