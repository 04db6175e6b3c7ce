public import FoundationEssentials

/// Where webhooks are kept, and what is on its way to them. In the database of the catalogue, so that what has happened and what is told of
/// it cannot come apart.
public protocol WebhookStore: Sendable {
    // MARK: Webhooks

    /// In order of id.
    func webhooks() async throws -> [Webhook]
    /// In order of id, with how their deliveries stand.
    func summaries() async throws -> [WebhookSummary]
    /// Adds a webhook. It is told of what happens from then on. Where it is the first one, the cursor moves to the present.
    /// - Parameter secret: where its secret is.
    func add(_ url: WebhookURL, events: WebhookSubscription, secret: String, entry: ChangeEntry) async throws -> Webhook
    /// Removes a webhook with its deliveries.
    /// - Throws: ``LivepatchError`` with the code `not-found`.
    func remove(_ id: Int64, entry: ChangeEntry) async throws
    /// Stops deliveries, or lets them begin again.
    /// - Parameter reason: why they are to stop; `nil` to begin again.
    /// - Throws: ``LivepatchError`` with the code `not-found`.
    func setDisabled(_ id: Int64, reason: String?, entry: ChangeEntry) async throws
    /// Where a webhook's secret is; `nil` if there is no such webhook.
    func secretReference(of id: Int64) async throws -> String?
    /// Where all secrets are.
    func secretReferences() async throws -> Set<String>

    // MARK: Events

    func cursor() async throws -> WebhookCursor
    /// Puts events on their way to all webhooks that are not disabled, were there before them and subscribe to them, and moves the cursor:
    /// all of it or nothing.
    /// - Returns: `false` if the cursor is elsewhere by now; then nothing is done.
    func enqueue(_ news: [WebhookNews], from: WebhookCursor, to: WebhookCursor, at time: Date) async throws -> Bool

    /// The keys of the conditions of a kind that held at the last look.
    func conditions(_ kind: String) async throws -> Set<String>
    /// Notes which conditions of a kind hold now, and puts the events about what has changed on their way: both or nothing.
    func setConditions(_ kind: String, _ keys: Set<String>, news: [WebhookEvent], at time: Date) async throws

    // MARK: Deliveries

    /// The webhooks for which something is to be delivered now.
    func due(at time: Date) async throws -> Set<Int64>
    /// What is to be delivered next to a webhook, with the event's body; `nil` if nothing is due or it is disabled. What waits longest
    /// comes first.
    func next(for webhook: Int64, at time: Date) async throws -> WebhookParcel?
    /// Keeps what came of an attempt. Nothing happens if the delivery is gone.
    func write(_ delivery: WebhookDelivery) async throws
    /// Newest first.
    /// - Parameters:
    ///   - webhook: only that webhook's.
    ///   - state: only those.
    ///   - before: only those with a smaller id.
    func deliveries(webhook: Int64?, state: WebhookDelivery.State?, before: Int64?, limit: Int) async throws -> [WebhookDelivery]
    /// Has deliveries that were given up tried again, from the beginning of the schedule.
    /// - Parameter id: that one; `nil` for all.
    /// - Returns: how many there were.
    func retry(_ id: Int64?, webhook: Int64?, at time: Date, entry: ChangeEntry) async throws -> Int
    /// Forgets what was delivered or given up, and events that nobody waits for any more.
    /// - Parameters:
    ///   - delivered: what was delivered before then.
    ///   - others: what happened before then, whatever became of it.
    func prune(delivered: Date, others: Date) async throws
}

/// A delivery with what is to be delivered.
public struct WebhookParcel: Hashable, Sendable {
    public let delivery: WebhookDelivery
    public let webhook: Webhook
    /// The event's body.
    public let body: [UInt8]

    public init(delivery: WebhookDelivery, webhook: Webhook, body: [UInt8]) {
        self.delivery = delivery
        self.webhook = webhook
        self.body = body
    }
}

extension LivepatchError {
    package static func webhookUnknown(_ id: Int64) -> LivepatchError {
        LivepatchError(.notFound, "There is no webhook \(id).", suggestion: "See `livepatch-admin webhooks list`.")
    }
}
