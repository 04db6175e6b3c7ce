public import FoundationEssentials

/// Webhooks as administrators look after them.
public struct WebhookAdministration: Sendable {
    /// The most webhooks of a server.
    static let limit = 100

    private let store: any WebhookStore
    private let secrets: any WebhookSecretStore
    private let courier: WebhookCourier
    private let outbox: WebhookOutbox
    private let now: @Sendable () -> Date

    /// - Parameter now: the current time.
    public init(
        store: any WebhookStore, secrets: any WebhookSecretStore, courier: WebhookCourier, catalog: any Catalog,
        reports: any SyncReportStore, now: @escaping @Sendable () -> Date
    ) {
        self.store = store
        self.secrets = secrets
        self.courier = courier
        outbox = WebhookOutbox(store: store, catalog: catalog, reports: reports, now: now)
        self.now = now
    }

    public func list() async throws -> [WebhookSummary] { try await store.summaries() }

    /// Adds a webhook, which is told of what happens from now on.
    /// - Parameter secret: what its messages are signed with; `nil` to make one.
    /// - Returns: the webhook and its secret, which nobody is told again.
    /// - Throws: ``LivepatchError`` with the code `already-exists` if one has that URL, `malformed-request` for one too many.
    public func add(
        _ url: WebhookURL, events: WebhookSubscription, secret given: WebhookSecret?, by actor: String
    ) async throws -> (webhook: Webhook, secret: WebhookSecret) {
        let known = try await store.webhooks()
        if let twin = known.first(where: { $0.url == url }) {
            throw LivepatchError(
                .alreadyExists, "The webhook \(twin.id) has that URL already.",
                suggestion: "Remove it first, with `livepatch-admin webhooks remove \(twin.id)`, to give it other events.")
        }
        guard known.count < Self.limit else {
            throw LivepatchError(
                .malformedRequest, "A server has at most \(Self.limit) webhooks.", suggestion: "Remove one that nobody needs.")
        }
        var generator = SystemRandomNumberGenerator()
        let secret = given ?? WebhookSecret(using: &generator)
        let reference = Hexadecimal.text((0..<16).map { _ in UInt8.random(in: .min ... .max, using: &generator) })
        // First, so that no webhook is without: a secret that nobody refers to does no harm.
        try await secrets.keep(secret, as: reference)
        let webhook = try await store.add(
            url, events: events, secret: reference,
            entry: entry("webhooks add \(url.redacted) --event \(events.patterns.joined(separator: ","))", actor))
        return (webhook, secret)
    }

    /// - Throws: ``LivepatchError`` with the code `not-found`.
    public func remove(_ id: Int64, by actor: String) async throws {
        try await store.remove(id, entry: entry("webhooks remove \(id)", actor))
        try await forgetStraySecrets()
    }

    /// Lets a webhook that was disabled begin again.
    /// - Throws: ``LivepatchError`` with the code `not-found`.
    public func enable(_ id: Int64, by actor: String) async throws -> Webhook {
        try await store.setDisabled(id, reason: nil, entry: entry("webhooks enable \(id)", actor))
        return try await webhook(id)
    }

    /// Posts a message of the type `webhook.test`, and says what came of it.
    /// - Throws: ``LivepatchError`` with the code `not-found`.
    public func test(_ id: Int64, by actor: String) async throws -> WebhookAttempt {
        let webhook = try await webhook(id)
        return try await courier.post(try await outbox.test(webhook, by: actor), to: webhook)
    }

    /// Newest first.
    /// - Parameters:
    ///   - webhook: only that one's; `nil` for all.
    ///   - state: only those; `nil` for all.
    public func deliveries(
        webhook: Int64?, state: WebhookDelivery.State?, before: Int64?, limit: Int
    ) async throws -> [WebhookDelivery] {
        if let webhook { _ = try await self.webhook(webhook) }
        return try await store.deliveries(webhook: webhook, state: state, before: before, limit: limit)
    }

    /// Has deliveries that were given up tried again.
    /// - Parameters:
    ///   - delivery: that one; `nil` for all.
    ///   - webhook: only that one's; `nil` for all.
    /// - Returns: how many there were.
    /// - Throws: ``LivepatchError`` with the code `not-found` if the delivery or webhook that was named is none that could be.
    public func retry(_ delivery: Int64?, webhook: Int64?, by actor: String) async throws -> Int {
        if let webhook { _ = try await self.webhook(webhook) }
        let action =
            "webhooks retry" + (delivery.map { " \($0)" } ?? " --failed") + (webhook.map { " --webhook \($0)" } ?? "")
        let count = try await store.retry(delivery, webhook: webhook, at: now(), entry: entry(action, actor))
        if count == 0, let delivery {
            throw LivepatchError(
                .notFound, "There is no delivery \(delivery) that was given up.",
                suggestion: "See `livepatch-admin webhooks deliveries --failed`.")
        }
        return count
    }

    /// Forgets secrets that no webhook refers to: of those that were removed, or never came to be.
    public func forgetStraySecrets() async throws { try await secrets.forget(except: store.secretReferences()) }

    private func webhook(_ id: Int64) async throws -> Webhook {
        guard let webhook = try await store.webhooks().first(where: { $0.id == id }) else {
            throw LivepatchError.webhookUnknown(id)
        }
        return webhook
    }

    private func entry(_ action: String, _ actor: String) -> ChangeEntry {
        ChangeEntry(time: now(), actor: actor, action: action)
    }
}
