import FoundationEssentials

/// Makes deliveries of what has happened: events are derived from the history and the sync reports, which are written in the same
/// transaction as what they tell of. So no crash between a change and its delivery loses one; the cursor moves with the deliveries.
struct WebhookOutbox: Sendable {
    let store: any WebhookStore
    let catalog: any Catalog
    let reports: any SyncReportStore
    let now: @Sendable () -> Date

    /// How much of the history is read at a time.
    private static let page = 500

    /// Puts everything new on its way.
    func collect() async throws {
        while true {
            let cursor = try await store.cursor()
            let records = try await records(after: cursor.change)
            let reports = try await reports(after: cursor.report)
            if records.isEmpty, reports.isEmpty { return }
            var next = cursor
            next.change = records.last?.id ?? cursor.change
            next.report = reports.last?.id ?? cursor.report
            let derivation = try await derivation()
            var news = try derivation.news(of: records)
            news += try derivation.news(of: reports, isFailing: &next.isFailing)
            if try await store.enqueue(news, from: cursor, to: next, at: now()) { return }
        }
    }

    /// Looks whether conditions have begun or ended, if anybody wants to know.
    func look(_ monitor: any WebhookMonitor, for webhooks: [Webhook]) async throws {
        let isWanted = webhooks.contains { webhook in
            webhook.disabled == nil && monitor.types.contains(where: webhook.events.includes)
        }
        let known = try await store.conditions(monitor.kind)
        guard isWanted else {
            // Whoever subscribes later is told of what holds then.
            if !known.isEmpty { try await store.setConditions(monitor.kind, [], news: [], at: now()) }
            return
        }
        let time = now()
        let conditions = try await monitor.conditions(known: known, at: time)
        let keys = Set(conditions.map(\.key))
        guard keys != known else { return }
        let derivation = try await derivation()
        var events: [WebhookEvent] = []
        for key in known.subtracting(keys).sorted() {
            if let notice = try await monitor.recovery(of: key) {
                events.append(try notice.event(id: derivation.newID(), at: time, of: derivation.deployment))
            }
        }
        for condition in conditions where !known.contains(condition.key) {
            events.append(try condition.notice.event(id: derivation.newID(), at: time, of: derivation.deployment))
        }
        try await store.setConditions(monitor.kind, keys, news: events, at: time)
    }

    /// A message that tries a webhook out.
    func test(_ webhook: Webhook, by actor: String) async throws -> WebhookEvent {
        let derivation = try await derivation()
        return try WebhookEvent(
            id: derivation.newID(), .test, at: now(), of: derivation.deployment, TestMessage(webhook: webhook.id, actor: actor))
    }

    private func derivation() async throws -> WebhookDerivation {
        WebhookDerivation(deployment: try await catalog.deployment()) {
            var generator = SystemRandomNumberGenerator()
            return WebhookEvent.newID(using: &generator)
        }
    }

    /// Oldest first.
    private func records(after id: Int64) async throws -> [ChangeRecord] {
        // Nearly always there is nothing new, which one row tells.
        guard let newest = try await catalog.history(limit: 1, before: nil).first, newest.id > id else { return [] }
        var records: [ChangeRecord] = []
        var before: Int64?
        while true {
            let page = try await catalog.history(limit: Self.page, before: before)
            records += page.prefix { $0.id > id }
            guard let last = page.last, page.count == Self.page, last.id > id else { return records.reversed() }
            before = last.id
        }
    }

    /// Oldest first.
    private func reports(after id: Int64) async throws -> [SyncReport] {
        guard let newest = try await reports.reports(limit: 1).first, newest.id > id else { return [] }
        let wanted = Int(min(newest.id - id, 1000))
        return try await reports.reports(limit: wanted).filter { $0.id > id }.reversed()
    }
}
