extension Paths {
    /// `GET` lists webhooks, `POST` adds one.
    public static let webhooks = "/v1/admin/webhooks"
    /// `GET` lists deliveries, newest first.
    public static let webhookDeliveries = "/v1/admin/webhook-deliveries"
    /// `POST` has deliveries that were given up tried again.
    public static let webhookRetry = "/v1/admin/webhook-deliveries/retry"
    /// `DELETE` removes a webhook.
    public static let webhookTemplate = "/v1/admin/webhooks/{id}"
    public static func webhook(_ id: Int64) -> String { "\(webhooks)/\(id)" }
    /// `POST` posts a message that tries the webhook out.
    public static let webhookTestTemplate = "/v1/admin/webhooks/{id}/test"
    public static func webhookTest(_ id: Int64) -> String { "\(webhook(id))/test" }
    /// `POST` lets a disabled webhook begin again.
    public static let webhookEnableTemplate = "/v1/admin/webhooks/{id}/enable"
    public static func webhookEnable(_ id: Int64) -> String { "\(webhook(id))/enable" }
}
