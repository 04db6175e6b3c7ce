public import FoundationEssentials

/// Notices that tokens are about to expire: once seven days ahead, and once more in the last day.
public struct TokenExpiryMonitor: WebhookMonitor {
    private static let notices: [(name: String, seconds: Double)] = [("7d", 7 * 86_400), ("1d", 86_400)]

    private let tokens: any TokenStore
    private let authTokens: any AuthTokenStore

    public init(tokens: any TokenStore, authTokens: any AuthTokenStore) {
        self.tokens = tokens
        self.authTokens = authTokens
    }

    public var kind: String { "token expiry" }
    public var types: [WebhookEventType] { [.tokenExpiring] }

    public func conditions(known: Set<String>, at time: Date) async throws -> [WebhookCondition] {
        let sync = try await tokens.syncTokens().filter { $0.isUsable(at: time) }
            .map { ("sync", $0.name, $0.tier, $0.validUntil) }
        let auth = try await authTokens.authTokens().map(\.token).filter { token in
            token.revoked == nil && token.validUntil.map { time < $0 } != false
        }
        .map { ("auth", $0.id, $0.tier, $0.validUntil) }
        var conditions: [WebhookCondition] = []
        for (kind, name, tier, validUntil) in sync + auth {
            guard let validUntil else { continue }
            guard let notice = Self.notices.last(where: { validUntil.timeIntervalSince(time) <= $0.seconds }) else { continue }
            conditions.append(
                WebhookCondition(
                    key: "\(kind) \(notice.name) \(Timestamp.text(validUntil)) \(name)",
                    notice: WebhookNotice(
                        .tokenExpiring, ExpiringToken(kind: kind, name: name, tier: tier, validUntil: validUntil))))
        }
        return conditions
    }
}
