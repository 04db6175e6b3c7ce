import ArgumentParser
import LivepatchKit

struct Webhooks: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "webhooks", abstract: "Tells other programs what happens, over HTTP.",
        discussion: """
            The server posts a signed JSON message (Standard Webhooks 1.0.0) for each event that a webhook subscribes to, and tries \
            again for three days if it is not taken. Nothing is lost over a restart; a message may come twice, with the same id.

            Events: \(WebhookEventType.subscribable.map(\.rawValue).joined(separator: ", ")); * for all of them, and 'patch.*' for all \
            of a group.

            Examples:
              livepatch-admin webhooks add https://hooks.example.com/livepatch --event '*'
              livepatch-admin webhooks test 1
              livepatch-admin webhooks deliveries --failed
            """,
        subcommands: [
            WebhooksAdd.self, WebhooksList.self, WebhooksRemove.self, WebhooksTest.self, WebhooksEnable.self,
            WebhooksDeliveries.self, WebhooksRetry.self,
        ])
}
