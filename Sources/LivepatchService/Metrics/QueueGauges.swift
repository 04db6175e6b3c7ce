import FoundationEssentials
import LivepatchKit
import Metrics

/// What waits to be delivered to webhooks, and when tokens expire.
struct QueueGauges: GaugeGroup {
    static let deliveries = "livepatch_server_webhook_deliveries"
    static let disabled = "livepatch_server_webhooks_disabled"
    static let tokenExpiry = "livepatch_server_token_expiry_timestamp_seconds"

    private let webhooks: WebhookAdministration
    private let tokens: any TokenStore
    private let authTokens: any AuthTokenStore
    private var panels: (deliveries: Panel, disabled: Panel, tokens: Panel)

    init(
        webhooks: WebhookAdministration, tokens: any TokenStore, authTokens: any AuthTokenStore, _ factory: any MetricsFactory
    ) {
        self.webhooks = webhooks
        self.tokens = tokens
        self.authTokens = authTokens
        panels = (
            Panel(Self.deliveries, by: ["state"], factory), Panel(Self.disabled, factory),
            Panel(Self.tokenExpiry, by: ["kind", "token"], factory)
        )
    }

    mutating func refresh(at time: Date) async throws {
        let webhooks = try await webhooks.list()
        panels.deliveries.show([
            ["pending"]: Double(webhooks.reduce(0) { $0 + $1.pending }),
            ["failed"]: Double(webhooks.reduce(0) { $0 + $1.failed }),
        ])
        panels.disabled.show(Double(webhooks.count { $0.webhook.disabled != nil }))
        var ends: [[String]: Double] = [:]
        // What has expired stays to be seen for a month; then it is nobody's business any more.
        let oldest = time.addingTimeInterval(-30 * 86_400)
        for token in try await tokens.syncTokens() where token.revoked == nil {
            if let end = token.validUntil, end > oldest { ends[["sync", token.name]] = end.timeIntervalSince1970 }
        }
        for (token, _) in try await authTokens.authTokens() where token.revoked == nil {
            if let end = token.validUntil, end > oldest { ends[["auth", token.id]] = end.timeIntervalSince1970 }
        }
        panels.tokens.show(ends)
    }
}
