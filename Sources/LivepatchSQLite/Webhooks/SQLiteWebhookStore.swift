public import FoundationEssentials
public import LivepatchKit

/// The webhooks in an ``SQLiteDatabase``.
public struct SQLiteWebhookStore: WebhookStore {
    private let database: SQLiteDatabase

    public init(_ database: SQLiteDatabase) { self.database = database }

    // MARK: Webhooks

    public func webhooks() async throws -> [Webhook] { try await database.read { try WebhookRows($0).all() } }

    public func summaries() async throws -> [WebhookSummary] {
        try await database.read { db in
            let rows = WebhookRows(db)
            return try rows.all().map(rows.summary)
        }
    }

    public func add(
        _ url: WebhookURL, events: WebhookSubscription, secret: String, entry: ChangeEntry
    ) async throws -> Webhook {
        try await database.write { db in
            try HistoryRows(db).add(entry, change: entry.change)
            return try WebhookRows(db).add(url, events, secret: secret, created: entry.time)
        }
    }

    public func remove(_ id: Int64, entry: ChangeEntry) async throws {
        try await database.write { db in
            try WebhookRows(db).remove(id)
            try HistoryRows(db).add(entry, change: entry.change)
        }
    }

    public func setDisabled(_ id: Int64, reason: String?, entry: ChangeEntry) async throws {
        try await database.write { db in
            try WebhookRows(db).setDisabled(id, reason.map { _ in entry.time }, reason)
            try HistoryRows(db).add(entry, change: entry.change)
        }
    }

    public func secretReference(of id: Int64) async throws -> String? {
        try await database.read { try WebhookRows($0).secret(of: id) }
    }

    public func secretReferences() async throws -> Set<String> { try await database.read { try WebhookRows($0).secrets() } }

    // MARK: Events

    public func cursor() async throws -> WebhookCursor { try await database.read { try WebhookRows($0).cursor() } }

    public func enqueue(
        _ news: [WebhookNews], from: WebhookCursor, to: WebhookCursor, at time: Date
    ) async throws -> Bool {
        try await database.write { db in
            let rows = WebhookRows(db)
            guard try rows.cursor() == from else { return false }
            for item in news { try rows.enqueue(item.event, item.origin, at: time) }
            try rows.setCursor(to)
            return true
        }
    }

    public func conditions(_ kind: String) async throws -> Set<String> {
        try await database.read { try WebhookRows($0).conditions(kind) }
    }

    public func setConditions(_ kind: String, _ keys: Set<String>, news: [WebhookEvent], at time: Date) async throws {
        try await database.write { db in
            try WebhookRows(db).setConditions(kind, keys)
            for event in news { try WebhookRows(db).enqueue(event, nil, at: time) }
        }
    }

    // MARK: Deliveries

    public func due(at time: Date) async throws -> Set<Int64> { try await database.read { try WebhookRows($0).due(at: time) } }

    public func next(for webhook: Int64, at time: Date) async throws -> WebhookParcel? {
        try await database.read { try WebhookRows($0).next(for: webhook, at: time) }
    }

    public func write(_ delivery: WebhookDelivery) async throws {
        try await database.write { try WebhookRows($0).write(delivery) }
    }

    public func deliveries(
        webhook: Int64?, state: WebhookDelivery.State?, before: Int64?, limit: Int
    ) async throws -> [WebhookDelivery] {
        try await database.read { try WebhookRows($0).all(webhook: webhook, state: state, before: before, limit: limit) }
    }

    public func retry(_ id: Int64?, webhook: Int64?, at time: Date, entry: ChangeEntry) async throws -> Int {
        try await database.write { db in
            let count = try WebhookRows(db).retry(id, webhook: webhook, at: time)
            if count > 0 { try HistoryRows(db).add(entry, change: entry.change) }
            return count
        }
    }

    public func prune(delivered: Date, others: Date) async throws {
        try await database.write { try WebhookRows($0).prune(delivered: delivered, others: others) }
    }
}
