import FoundationEssentials
import GRDB
import LivepatchKit

/// The rows of webhooks, events and deliveries.
struct WebhookRows {
    let db: Database

    init(_ db: Database) { self.db = db }

    // MARK: Webhooks

    private static let columns = "id, url, events, created, disabled, disabled_reason"

    func all() throws -> [Webhook] {
        try Row.fetchAll(db, sql: "SELECT \(Self.columns) FROM webhook ORDER BY id").map(webhook)
    }

    func webhook(_ id: Int64) throws -> Webhook? {
        try Row.fetchOne(db, sql: "SELECT \(Self.columns) FROM webhook WHERE id = ?", arguments: [id]).map(webhook)
    }

    /// How the deliveries of a webhook stand.
    func summary(_ webhook: Webhook) throws -> WebhookSummary {
        func count(_ state: WebhookDelivery.State) throws -> Int {
            try Int.fetchOne(
                db, sql: "SELECT count(*) FROM webhook_delivery WHERE webhook = ? AND state = ?",
                arguments: [webhook.id, state.rawValue]) ?? 0
        }
        let last = try Row.fetchOne(
            db, sql: "\(Self.deliveries) WHERE webhook = ? AND state = 'delivered' ORDER BY d.id DESC LIMIT 1",
            arguments: [webhook.id]
        ).map(delivery)
        return WebhookSummary(
            webhook: webhook, pending: try count(.pending), failed: try count(.failed), lastDelivered: last?.last?.time)
    }

    func add(_ url: WebhookURL, _ events: WebhookSubscription, secret: String, created: Date) throws -> Webhook {
        let change = try Int64.fetchOne(db, sql: "SELECT max(id) FROM history") ?? 0
        let report = try Int64.fetchOne(db, sql: "SELECT max(id) FROM sync_report") ?? 0
        if try Int.fetchOne(db, sql: "SELECT count(*) FROM webhook") == 0 {
            // Nobody has looked since whoever was there last.
            try setCursor(WebhookCursor(change: change, report: report))
        }
        try db.execute(
            sql: "INSERT INTO webhook (url, events, secret, created, after_change, after_report) VALUES (?, ?, ?, ?, ?, ?)",
            arguments: [url.rawValue, try Column.json(events), secret, Column.seconds(created), change, report])
        return Webhook(id: db.lastInsertedRowID, url: url, events: events, created: created)
    }

    func remove(_ id: Int64) throws {
        try db.execute(sql: "DELETE FROM webhook WHERE id = ?", arguments: [id])
        guard db.changesCount > 0 else { throw LivepatchError.webhookUnknown(id) }
    }

    func setDisabled(_ id: Int64, _ time: Date?, _ reason: String?) throws {
        try db.execute(
            sql: "UPDATE webhook SET disabled = ?, disabled_reason = ? WHERE id = ?",
            arguments: [time.map(Column.seconds), reason, id])
        guard db.changesCount > 0 else { throw LivepatchError.webhookUnknown(id) }
    }

    func secret(of id: Int64) throws -> String? {
        try String.fetchOne(db, sql: "SELECT secret FROM webhook WHERE id = ?", arguments: [id])
    }

    func secrets() throws -> Set<String> { try String.fetchSet(db, sql: "SELECT secret FROM webhook") }

    private func webhook(_ row: Row) throws -> Webhook {
        let disabled: Int64? = row[4]
        return Webhook(
            id: row[0], url: try Column.value(WebhookURL.self, row[1]),
            events: try Column.value(WebhookSubscription.self, json: row[2]), created: Column.date(row[3]),
            disabled: disabled.map(Column.date), disabledReason: row[5])
    }

    // MARK: Events

    func cursor() throws -> WebhookCursor {
        guard let row = try Row.fetchOne(db, sql: "SELECT change, report, is_failing FROM webhook_cursor") else {
            throw SQLiteFault.damagedRow("the webhooks' cursor is missing")
        }
        return WebhookCursor(change: row[0], report: row[1], isFailing: row[2] != 0)
    }

    func setCursor(_ cursor: WebhookCursor) throws {
        try db.execute(
            sql: "UPDATE webhook_cursor SET change = ?, report = ?, is_failing = ?",
            arguments: [cursor.change, cursor.report, cursor.isFailing ? 1 : 0])
    }

    /// Puts an event on its way to those webhooks that want it.
    /// - Parameter origin: `nil` for one that is told to all that are there now.
    func enqueue(_ event: WebhookEvent, _ origin: WebhookNews.Origin?, at time: Date) throws {
        let (column, number): (String, Int64?) =
            switch origin {
            case .change(let change): ("after_change", change)
            case .report(let report): ("after_report", report)
            case nil: ("NULL", nil)
            }
        let rows = try Row.fetchAll(
            db, sql: "SELECT id, events FROM webhook WHERE disabled IS NULL AND (\(column) IS NULL OR \(column) < ?) ORDER BY id",
            arguments: [number])
        let wanting = try rows.compactMap { row -> Int64? in
            try Column.value(WebhookSubscription.self, json: row[1]).includes(event.type) ? row[0] : nil
        }
        guard !wanting.isEmpty else { return }
        try db.execute(
            sql: "INSERT INTO webhook_event (message, type, time, body) VALUES (?, ?, ?, ?)",
            arguments: [event.id, event.type.rawValue, Column.seconds(event.time), String(decoding: event.body, as: UTF8.self)])
        let id = db.lastInsertedRowID
        for webhook in wanting {
            try db.execute(
                sql: "INSERT INTO webhook_delivery (webhook, event, state, attempts, next) VALUES (?, ?, 'pending', 0, ?)",
                arguments: [webhook, id, Column.seconds(time)])
        }
    }

    // MARK: Conditions

    func conditions(_ kind: String) throws -> Set<String> {
        try String.fetchSet(db, sql: "SELECT key FROM webhook_condition WHERE kind = ?", arguments: [kind])
    }

    func setConditions(_ kind: String, _ keys: Set<String>) throws {
        let known = try conditions(kind)
        for key in known.subtracting(keys) {
            try db.execute(sql: "DELETE FROM webhook_condition WHERE kind = ? AND key = ?", arguments: [kind, key])
        }
        for key in keys.subtracting(known) {
            try db.execute(sql: "INSERT INTO webhook_condition (kind, key) VALUES (?, ?)", arguments: [kind, key])
        }
    }

    // MARK: Deliveries

    private static let deliveries = """
        SELECT d.id, d.webhook, e.message, e.type, e.time, d.state, d.attempts, d.next, d.last
        FROM webhook_delivery AS d JOIN webhook_event AS e ON e.id = d.event
        """

    func due(at time: Date) throws -> Set<Int64> {
        try Int64.fetchSet(
            db,
            sql: """
                SELECT id FROM webhook WHERE disabled IS NULL
                    AND EXISTS (SELECT 1 FROM webhook_delivery AS d WHERE d.webhook = webhook.id AND d.next <= ?)
                """, arguments: [Column.seconds(time)])
    }

    func next(for webhook: Int64, at time: Date) throws -> WebhookParcel? {
        guard let webhook = try self.webhook(webhook), webhook.disabled == nil else { return nil }
        let row = try Row.fetchOne(
            db, sql: "\(Self.deliveries) WHERE d.webhook = ? AND d.next <= ? ORDER BY d.next, d.id LIMIT 1",
            arguments: [webhook.id, Column.seconds(time)])
        guard let delivery = try row.map(delivery) else { return nil }
        let body = try String.fetchOne(db, sql: "SELECT body FROM webhook_event WHERE message = ?", arguments: [delivery.message])
        return WebhookParcel(delivery: delivery, webhook: webhook, body: Array((body ?? "").utf8))
    }

    func write(_ delivery: WebhookDelivery) throws {
        try db.execute(
            sql: "UPDATE webhook_delivery SET state = ?, attempts = ?, next = ?, last = ? WHERE id = ?",
            arguments: [
                delivery.state.rawValue, delivery.attempts, delivery.next.map(Self.secondsUp), try delivery.last.map(Column.json),
                delivery.id,
            ])
    }

    func all(webhook: Int64?, state: WebhookDelivery.State?, before: Int64?, limit: Int) throws -> [WebhookDelivery] {
        try Row.fetchAll(
            db,
            sql: """
                \(Self.deliveries) WHERE d.id < ?1 AND (?2 IS NULL OR d.webhook = ?2) AND (?3 IS NULL OR d.state = ?3)
                ORDER BY d.id DESC LIMIT ?4
                """, arguments: [before ?? Int64.max, webhook, state?.rawValue, max(limit, 0)]
        ).map(delivery)
    }

    /// - Returns: how many there were.
    func retry(_ id: Int64?, webhook: Int64?, at time: Date) throws -> Int {
        try db.execute(
            sql: """
                UPDATE webhook_delivery SET state = 'pending', attempts = 0, next = ?1
                WHERE state = 'failed' AND (?2 IS NULL OR id = ?2) AND (?3 IS NULL OR webhook = ?3)
                """, arguments: [Column.seconds(time), id, webhook])
        return db.changesCount
    }

    func prune(delivered: Date, others: Date) throws {
        try db.execute(
            sql: """
                DELETE FROM webhook_delivery WHERE state = 'delivered'
                    AND event IN (SELECT id FROM webhook_event WHERE time < ?)
                """, arguments: [Column.seconds(delivered)])
        // What is on its way to nobody is gone, and old events take their deliveries with them.
        try db.execute(
            sql: """
                DELETE FROM webhook_event WHERE time < ?
                    OR NOT EXISTS (SELECT 1 FROM webhook_delivery AS d WHERE d.event = webhook_event.id)
                """, arguments: [Column.seconds(others)])
    }

    /// The next whole second: nobody is asked before the time is up.
    private static func secondsUp(_ date: Date) -> Int64 { Int64(date.timeIntervalSince1970.rounded(.up)) }

    private func delivery(_ row: Row) throws -> WebhookDelivery {
        let next: Int64? = row[7]
        let last: String? = row[8]
        guard let type = WebhookEventType(rawValue: row[3]), let state = WebhookDelivery.State(rawValue: row[5]) else {
            throw SQLiteFault.damagedRow("a delivery has a type or a state that there is not")
        }
        return WebhookDelivery(
            id: row[0], webhook: row[1], message: row[2], type: type, time: Column.date(row[4]), state: state, attempts: row[6],
            next: next.map(Column.date), last: try last.map { try Column.value(WebhookAttempt.self, json: $0) })
    }
}
