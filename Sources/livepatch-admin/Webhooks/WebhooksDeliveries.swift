import ArgumentParser
import LivepatchAPI
public import LivepatchConsole
public import LivepatchKit

struct WebhooksDeliveries: AdminCommand {
    static let configuration = CommandConfiguration(
        "deliveries", "Lists what was told to whom, and what came of it, newest first.",
        does: "Deliveries are remembered for seven days after they were taken, and for thirty otherwise.",
        examples: ["webhooks deliveries", "webhooks deliveries --failed --webhook 1"])

    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    @Flag(help: "Only those that were given up.")
    var failed = false

    @Option(help: ArgumentHelp("Only those to this webhook.", valueName: "id"))
    var webhook: Int64?

    @Option(help: "The most deliveries that are shown, 1 to 1000.")
    var limit = 20

    @Option(help: "Only deliveries with a smaller id.")
    var before: Int64?

    func validate() throws {
        guard (1...1000).contains(limit) else { throw ValidationError("--limit is 1 to 1000.") }
    }

    func run(_ context: AdminContext) async throws {
        let body = try await context.server.webhookDeliveries(
            webhook: webhook, state: failed ? .failed : nil, before: before, limit: limit)
        try output.show(
            body.deliveries, document: body, empty: failed ? "No delivery was given up." : "Nothing was told yet.",
            on: context.console)
    }
}

extension WebhookDelivery: Listed {
    public static var columns: [Column] {
        [
            .number("ID"), .number("WEBHOOK"), .whole("EVENT"), .whole("HAPPENED"), .whole("STATE"), .number("TRIED"),
            .whole("NEXT"), .text("LAST ANSWER"),
        ]
    }

    public var quietValue: String { "\(id)" }

    public func row(_ text: HumanText) -> [Cell] {
        let style: Style =
            switch state {
            case .delivered: .good
            case .pending: attempts == 0 ? .plain : .warning
            case .failed: .bad
            }
        return [
            "\(id)", "\(webhook)", Cell(type.rawValue), Cell(text.time(time)), Cell(state.rawValue, style), "\(attempts)",
            Cell(next.map(text.time)), Cell(last?.message),
        ]
    }
}
