public import LivepatchAPI
public import LivepatchKit
import NIOHTTP1

extension AdminClient {
    /// `GET /v1/admin/webhooks`
    public func webhooks() async throws -> WebhooksBody { try await value(request(.GET, Paths.webhooks)) }

    /// `POST /v1/admin/webhooks`: adds a webhook. Its secret is told this once.
    /// - Parameter secret: `nil` to have the server make it.
    public func addWebhook(
        _ url: WebhookURL, events: WebhookSubscription, secret: String? = nil
    ) async throws -> AddedWebhookBody {
        try await changed(request(.POST, Paths.webhooks, body: WebhookRequestBody(url: url, events: events, secret: secret)))
    }

    /// `DELETE /v1/admin/webhooks/{id}`
    public func removeWebhook(_ id: Int64) async throws { try await perform(request(.DELETE, Paths.webhook(id))) }

    /// `POST /v1/admin/webhooks/{id}/enable`: lets a disabled webhook begin again.
    public func enableWebhook(_ id: Int64) async throws -> Webhook { try await changed(request(.POST, Paths.webhookEnable(id))) }

    /// `POST /v1/admin/webhooks/{id}/test`: has a test message posted.
    /// - Returns: what came of it.
    public func testWebhook(_ id: Int64) async throws -> WebhookAttempt {
        try await changed(request(.POST, Paths.webhookTest(id)))
    }

    /// `GET /v1/admin/webhook-deliveries`: newest first.
    /// - Parameters:
    ///   - webhook: only that one's.
    ///   - state: only those.
    ///   - before: only those with a smaller id.
    public func webhookDeliveries(
        webhook: Int64? = nil, state: WebhookDelivery.State? = nil, before: Int64? = nil, limit: Int
    ) async throws -> WebhookDeliveriesBody {
        var query: [(name: String, value: String)] = [("limit", "\(limit)")]
        if let webhook { query.append(("webhook", "\(webhook)")) }
        if let state { query.append(("state", state.rawValue)) }
        if let before { query.append(("before", "\(before)")) }
        return try await value(request(.GET, Paths.webhookDeliveries, query: query))
    }

    /// `POST /v1/admin/webhook-deliveries/retry`: has deliveries that were given up tried again.
    /// - Parameters:
    ///   - delivery: that one; `nil` for all.
    ///   - webhook: only that one's; `nil` for all.
    public func retryWebhookDeliveries(_ delivery: Int64?, webhook: Int64?) async throws -> WebhookRetryResultBody {
        try await changed(
            request(.POST, Paths.webhookRetry, body: WebhookRetryBody(delivery: delivery, webhook: webhook)))
    }
}
