public import FoundationEssentials
public import LivepatchKit

/// The webhooks in an ``InMemoryDatabase``.
public struct InMemoryWebhookStore: WebhookStore {
    private let database: InMemoryDatabase

    public init(_ database: InMemoryDatabase) { self.database = database }

    // MARK: Webhooks

    public func webhooks() async throws -> [Webhook] { try database.read { $0.webhooks.all.map(\.webhook) } }

    public func summaries() async throws -> [WebhookSummary] {
        try database.read { tables in
            tables.webhooks.all.map { item in
                let own = tables.webhooks.deliveries.filter { $0.webhook == item.webhook.id }
                return WebhookSummary(
                    webhook: item.webhook, pending: own.count { $0.state == .pending }, failed: own.count { $0.state == .failed },
                    lastDelivered: own.last { $0.state == .delivered }?.last?.time)
            }
        }
    }

    public func add(
        _ url: WebhookURL, events: WebhookSubscription, secret: String, entry: ChangeEntry
    ) async throws -> Webhook {
        try database.write { tables in
            let change = tables.record(entry, change: entry.change)
            let start = WebhookCursor(change: change, report: tables.reports.last?.id ?? 0)
            if tables.webhooks.all.isEmpty { tables.webhooks.cursor = start }
            tables.webhooks.lastWebhook += 1
            let webhook = Webhook(id: tables.webhooks.lastWebhook, url: url, events: events, created: entry.time)
            tables.webhooks.all.append(WebhookTables.Item(webhook: webhook, secret: secret, start: start))
            return webhook
        }
    }

    public func remove(_ id: Int64, entry: ChangeEntry) async throws {
        try database.write { tables in
            tables.webhooks.all.remove(at: try tables.webhooks.index(of: id))
            tables.webhooks.deliveries.removeAll { $0.webhook == id }
            tables.record(entry, change: entry.change)
        }
    }

    public func setDisabled(_ id: Int64, reason: String?, entry: ChangeEntry) async throws {
        try database.write { tables in
            let index = try tables.webhooks.index(of: id)
            tables.webhooks.all[index].webhook.disabled = reason == nil ? nil : entry.time
            tables.webhooks.all[index].webhook.disabledReason = reason
            tables.record(entry, change: entry.change)
        }
    }

    public func secretReference(of id: Int64) async throws -> String? {
        try database.read { $0.webhooks.all.first { $0.webhook.id == id }?.secret }
    }

    public func secretReferences() async throws -> Set<String> { try database.read { Set($0.webhooks.all.map(\.secret)) } }

    // MARK: Events

    public func cursor() async throws -> WebhookCursor { try database.read { $0.webhooks.cursor } }

    public func enqueue(
        _ news: [WebhookNews], from: WebhookCursor, to: WebhookCursor, at time: Date
    ) async throws -> Bool {
        try database.write { tables in
            guard tables.webhooks.cursor == from else { return false }
            for item in news { tables.webhooks.enqueue(item.event, item.origin, at: time) }
            tables.webhooks.cursor = to
            return true
        }
    }

    public func conditions(_ kind: String) async throws -> Set<String> {
        try database.read { $0.webhooks.conditions[kind] ?? [] }
    }

    public func setConditions(_ kind: String, _ keys: Set<String>, news: [WebhookEvent], at time: Date) async throws {
        try database.write { tables in
            tables.webhooks.conditions[kind] = keys
            for event in news { tables.webhooks.enqueue(event, nil, at: time) }
        }
    }

    // MARK: Deliveries

    public func due(at time: Date) async throws -> Set<Int64> {
        try database.read { tables in
            let able = Set(tables.webhooks.all.filter { $0.webhook.disabled == nil }.map(\.webhook.id))
            return able.intersection(tables.webhooks.deliveries.filter { $0.isDue(at: time) }.map(\.webhook))
        }
    }

    public func next(for webhook: Int64, at time: Date) async throws -> WebhookParcel? {
        try database.read { tables in
            guard let webhook = tables.webhooks.all.first(where: { $0.webhook.id == webhook })?.webhook, webhook.disabled == nil,
                let delivery = tables.webhooks.deliveries
                    .filter({ $0.webhook == webhook.id && $0.isDue(at: time) })
                    .min(by: { ($0.next ?? .distantFuture, $0.id) < ($1.next ?? .distantFuture, $1.id) }),
                let event = tables.webhooks.events[delivery.message]
            else { return nil }
            return WebhookParcel(delivery: delivery, webhook: webhook, body: event.body)
        }
    }

    public func write(_ delivery: WebhookDelivery) async throws {
        try database.write { tables in
            guard let index = tables.webhooks.deliveries.firstIndex(where: { $0.id == delivery.id }) else { return }
            var stored = delivery
            stored.next = delivery.next.map { Date(timeIntervalSince1970: $0.timeIntervalSince1970.rounded(.up)) }
            tables.webhooks.deliveries[index] = stored
        }
    }

    public func deliveries(
        webhook: Int64?, state: WebhookDelivery.State?, before: Int64?, limit: Int
    ) async throws -> [WebhookDelivery] {
        try database.read { tables in
            let found = tables.webhooks.deliveries.reversed().filter { delivery in
                delivery.id < before ?? .max && (webhook ?? delivery.webhook) == delivery.webhook
                    && (state ?? delivery.state) == delivery.state
            }
            return Array(found.prefix(max(limit, 0)))
        }
    }

    public func retry(_ id: Int64?, webhook: Int64?, at time: Date, entry: ChangeEntry) async throws -> Int {
        try database.write { tables in
            var count = 0
            for index in tables.webhooks.deliveries.indices {
                let delivery = tables.webhooks.deliveries[index]
                guard delivery.state == .failed, (id ?? delivery.id) == delivery.id,
                    (webhook ?? delivery.webhook) == delivery.webhook
                else { continue }
                tables.webhooks.deliveries[index].state = .pending
                tables.webhooks.deliveries[index].attempts = 0
                tables.webhooks.deliveries[index].next = Timestamp.wholeSecond(time)
                count += 1
            }
            if count > 0 { tables.record(entry, change: entry.change) }
            return count
        }
    }

    public func prune(delivered: Date, others: Date) async throws {
        try database.write { tables in
            tables.webhooks.deliveries.removeAll { $0.time < others || $0.state == .delivered && $0.time < delivered }
            let needed = Set(tables.webhooks.deliveries.map(\.message))
            tables.webhooks.events = tables.webhooks.events.filter { needed.contains($0.key) }
        }
    }
}

/// What an ``InMemoryDatabase`` holds of webhooks.
struct WebhookTables: Sendable {
    struct Item: Sendable {
        var webhook: Webhook
        let secret: String
        /// What was there before it is none of its business.
        let start: WebhookCursor
    }

    var all: [Item] = []
    var lastWebhook: Int64 = 0
    var cursor = WebhookCursor()
    var events: [String: WebhookEvent] = [:]
    var deliveries: [WebhookDelivery] = []
    var lastDelivery: Int64 = 0
    var conditions: [String: Set<String>] = [:]

    func index(of id: Int64) throws -> Int {
        guard let index = all.firstIndex(where: { $0.webhook.id == id }) else { throw LivepatchError.webhookUnknown(id) }
        return index
    }

    mutating func enqueue(_ event: WebhookEvent, _ origin: WebhookNews.Origin?, at time: Date) {
        for item in all where item.webhook.disabled == nil && item.webhook.events.includes(event.type) {
            switch origin {
            case .change(let change): guard change > item.start.change else { continue }
            case .report(let report): guard report > item.start.report else { continue }
            case nil: break
            }
            events[event.id] = event
            lastDelivery += 1
            deliveries.append(
                WebhookDelivery(
                    id: lastDelivery, webhook: item.webhook.id, message: event.id, type: event.type, time: event.time,
                    next: Timestamp.wholeSecond(time)))
        }
    }
}

extension WebhookDelivery {
    fileprivate func isDue(at time: Date) -> Bool { next.map { $0 <= time } ?? false }
}
