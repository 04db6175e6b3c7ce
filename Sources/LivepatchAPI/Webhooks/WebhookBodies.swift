public import LivepatchKit

/// `GET /v1/admin/webhooks`
public struct WebhooksBody: Hashable, Sendable, Codable {
    public let webhooks: [WebhookSummary]

    public init(webhooks: [WebhookSummary]) { self.webhooks = webhooks }
}

/// `POST /v1/admin/webhooks`
public struct WebhookRequestBody: Hashable, Sendable, Codable {
    public let url: WebhookURL
    public let events: WebhookSubscription
    /// What its messages are to be signed with; `nil` to have the server make it.
    public let secret: String?

    public init(url: WebhookURL, events: WebhookSubscription, secret: String?) {
        self.url = url
        self.events = events
        self.secret = secret
    }
}

/// The answer to a webhook that was added: the only time that a secret is told.
public struct AddedWebhookBody: Hashable, Sendable, Codable {
    public let webhook: Webhook
    public let secret: String

    public init(webhook: Webhook, secret: String) {
        self.webhook = webhook
        self.secret = secret
    }
}

/// `GET /v1/admin/webhook-deliveries`
public struct WebhookDeliveriesBody: Hashable, Sendable, Codable {
    public let deliveries: [WebhookDelivery]
    /// What goes on behind the last one, as the query parameter `cursor`; `nil` at the end.
    public let next: String?

    public init(deliveries: [WebhookDelivery], next: String? = nil) {
        self.deliveries = deliveries
        self.next = next
    }
}

/// `POST /v1/admin/webhook-deliveries/retry`
public struct WebhookRetryBody: Hashable, Sendable, Codable {
    /// That one; `nil` for all that were given up.
    public let delivery: Int64?
    /// Only that webhook's; `nil` for all.
    public let webhook: Int64?

    public init(delivery: Int64?, webhook: Int64?) {
        self.delivery = delivery
        self.webhook = webhook
    }
}

/// The answer to that.
public struct WebhookRetryResultBody: Hashable, Sendable, Codable {
    /// How many deliveries are tried again.
    public let retried: Int

    public init(retried: Int) { self.retried = retried }
}
