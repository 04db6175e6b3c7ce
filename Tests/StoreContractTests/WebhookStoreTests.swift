import FoundationEssentials
import LivepatchKit
import Testing

@Suite("Webhook stores")
struct WebhookStoreTests {
    private func url(_ path: String) -> WebhookURL { parsed("https://hooks.example/\(path)") }

    private func event(_ id: String, _ type: WebhookEventType = .patchBlocked, at time: Date = noon) -> WebhookEvent {
        WebhookEvent(id: id, type: type, time: time, body: Array(#"{"id":"\#(id)"}"#.utf8))
    }

    private func add(_ stores: Stores, _ path: String, _ events: [String] = ["*"]) async throws -> Webhook {
        try await stores.webhooks.add(
            url(path), events: WebhookSubscription(events), secret: "secret of \(path)", entry: entry("webhooks add"))
    }

    private func enqueue(_ stores: Stores, _ news: [WebhookNews], at time: Date = noon) async throws {
        let cursor = try await stores.webhooks.cursor()
        #expect(try await stores.webhooks.enqueue(news, from: cursor, to: cursor, at: time))
    }

    @Test("webhooks are kept, disabled, enabled and removed, which is recorded", arguments: Implementation.allCases)
    func webhooks(_ implementation: Implementation) async throws {
        try await Stores.with(implementation) { stores in
            let store = stores.webhooks
            let (a, b) = (try await add(stores, "a", ["patch.*", "sync.failed"]), try await add(stores, "b"))
            #expect(a.id != b.id && a.created == noon)
            #expect(try await store.webhooks() == [a, b])
            #expect(try await store.secretReference(of: a.id) == "secret of a")
            #expect(try await store.secretReferences() == ["secret of a", "secret of b"])
            try await store.setDisabled(a.id, reason: "gone", entry: entry())
            let disabled = try await store.webhooks()[0]
            #expect(disabled.disabled == noon && disabled.disabledReason == "gone")
            try await store.setDisabled(a.id, reason: nil, entry: entry())
            #expect(try await store.webhooks()[0] == a)
            try await store.remove(a.id, entry: entry())
            await expectError(.notFound) { try await store.remove(a.id, entry: entry()) }
            await expectError(.notFound) { try await store.setDisabled(a.id, reason: nil, entry: entry()) }
            #expect(try await store.webhooks() == [b])
            #expect(try await store.secretReference(of: a.id) == nil)
            #expect(try await stores.catalog.history(limit: 10, before: nil).count == 5)
            #expect(try await add(stores, "c").id > b.id, "an id is never used again")
        }
    }

    @Test("events and the cursor move together, to those who subscribe and were there before", arguments: Implementation.allCases)
    func enqueued(_ implementation: Implementation) async throws {
        try await Stores.with(implementation) { stores in
            let store = stores.webhooks
            for _ in 0..<3 { try await stores.catalog.record(entry()) }
            let all = try await add(stores, "all")
            // The first one sets the cursor to the present.
            #expect(try await store.cursor() == WebhookCursor(change: 4, report: 0))
            let some = try await add(stores, "some", ["sync.*"])
            let off = try await add(stores, "off")
            try await store.setDisabled(off.id, reason: "gone", entry: entry())
            let from = try await store.cursor()
            let to = WebhookCursor(change: 6, report: 2, isFailing: true)
            let news = [
                WebhookNews(event("msg_1"), origin: .change(4)), WebhookNews(event("msg_2"), origin: .change(5)),
                WebhookNews(event("msg_3", .syncFailed), origin: .report(1)),
            ]
            #expect(try await store.enqueue(news, from: from, to: to, at: noon))
            #expect(try await !store.enqueue(news, from: from, to: to, at: noon), "somebody did so already")
            #expect(try await store.cursor() == to)
            func messages(_ webhook: Webhook) async throws -> [String] {
                try await store.deliveries(webhook: webhook.id, state: nil, before: nil, limit: 10).map(\.message)
            }
            #expect(try await messages(all) == ["msg_3", "msg_2"])
            #expect(try await messages(some) == ["msg_3"])
            #expect(try await messages(off).isEmpty)
        }
    }

    @Test("deliveries are due in order, one after the other, and keep what came of them", arguments: Implementation.allCases)
    func deliveries(_ implementation: Implementation) async throws {
        try await Stores.with(implementation) { stores in
            let store = stores.webhooks
            let (a, b) = (try await add(stores, "a"), try await add(stores, "b", ["sync.*"]))
            let later = noon.addingTimeInterval(60)
            try await enqueue(stores, [WebhookNews(event("msg_1"), origin: .change(100))])
            try await enqueue(stores, [WebhookNews(event("msg_2"), origin: .change(101))], at: later)
            #expect(try await store.due(at: noon.addingTimeInterval(-1)).isEmpty)
            #expect(try await store.due(at: noon) == [a.id])
            #expect(try await store.next(for: b.id, at: later) == nil)
            let parcel = try #require(await store.next(for: a.id, at: later))
            #expect(parcel.webhook == a && parcel.body == event("msg_1").body)
            var delivery = parcel.delivery
            #expect(delivery.state == .pending && delivery.attempts == 0 && delivery.next == noon && delivery.time == noon)
            delivery.attempts = 1
            delivery.next = noon.addingTimeInterval(90.5)
            delivery.last = WebhookAttempt(time: noon, status: 503, message: "503: busy", milliseconds: 12)
            try await store.write(delivery)
            #expect(try await store.next(for: a.id, at: later)?.delivery.message == "msg_2")
            #expect(try await store.next(for: a.id, at: noon) == nil)
            // Never before its time.
            delivery.next = noon.addingTimeInterval(91)
            let all = try await store.deliveries(webhook: nil, state: nil, before: nil, limit: 10)
            #expect(all.map(\.message) == ["msg_2", "msg_1"] && all.last == delivery)
            #expect(try await store.deliveries(webhook: nil, state: nil, before: all[0].id, limit: 10) == [delivery])
            #expect(try await store.deliveries(webhook: nil, state: .failed, before: nil, limit: 10).isEmpty)

            delivery.state = .failed
            delivery.next = nil
            try await store.write(delivery)
            #expect(try await store.summaries().map { [$0.pending, $0.failed] } == [[1, 1], [0, 0]])
            #expect(try await store.retry(delivery.id, webhook: b.id, at: later, entry: entry()) == 0)
            #expect(try await store.retry(nil, webhook: a.id, at: later, entry: entry("webhooks retry")) == 1)
            #expect(try await stores.catalog.history(limit: 1, before: nil).first?.action == "webhooks retry")
            let again = try await store.deliveries(webhook: nil, state: nil, before: nil, limit: 10).last
            #expect(again?.state == .pending && again?.attempts == 0 && again?.next == later && again?.last == delivery.last)

            delivery.state = .delivered
            delivery.attempts = 2
            delivery.next = nil
            try await store.write(delivery)
            #expect(try await store.summaries().first?.lastDelivered == noon)
            try await store.setDisabled(a.id, reason: "gone", entry: entry())
            #expect(try await store.due(at: later).isEmpty)
            #expect(try await store.next(for: a.id, at: later) == nil)
            try await store.remove(a.id, entry: entry())
            try await store.write(delivery)
            #expect(try await store.deliveries(webhook: nil, state: nil, before: nil, limit: 10).isEmpty)
        }
    }

    @Test("conditions are remembered by kind, with the events about them", arguments: Implementation.allCases)
    func conditions(_ implementation: Implementation) async throws {
        try await Stores.with(implementation) { stores in
            let store = stores.webhooks
            let webhook = try await add(stores, "a")
            try await store.setConditions("health", ["a", "b"], news: [event("msg_1", .healthDegraded)], at: noon)
            try await store.setConditions("tokens", ["t"], news: [], at: noon)
            #expect(try await store.conditions("health") == ["a", "b"])
            try await store.setConditions("health", ["b", "c"], news: [event("msg_2", .healthRecovered)], at: noon)
            #expect(try await store.conditions("health") == ["b", "c"])
            #expect(try await store.conditions("tokens") == ["t"])
            let told = try await store.deliveries(webhook: webhook.id, state: nil, before: nil, limit: 10)
            #expect(told.map(\.type) == [.healthRecovered, .healthDegraded])
        }
    }

    @Test("what is old is forgotten, sooner if it was delivered", arguments: Implementation.allCases)
    func pruned(_ implementation: Implementation) async throws {
        try await Stores.with(implementation) { stores in
            let store = stores.webhooks
            _ = try await add(stores, "a")
            for (number, days) in [1.0, 10, 10, 40, 40].enumerated() {
                try await enqueue(
                    stores,
                    [
                        WebhookNews(
                            event("msg_\(number)", at: noon.addingTimeInterval(-days * 86_400)),
                            origin: .change(100 + Int64(number)))
                    ])
            }
            for number in [0, 1, 3] {
                var delivery = try #require(
                    await store.deliveries(webhook: nil, state: nil, before: nil, limit: 10)
                        .first { $0.message == "msg_\(number)" })
                delivery.state = .delivered
                delivery.next = nil
                try await store.write(delivery)
            }
            try await store.prune(
                delivered: noon.addingTimeInterval(-7 * 86_400), others: noon.addingTimeInterval(-30 * 86_400))
            #expect(
                try await store.deliveries(webhook: nil, state: nil, before: nil, limit: 10).map(\.message) == ["msg_2", "msg_0"])
            #expect(try await store.next(for: 1, at: noon)?.body == event("msg_2").body)
        }
    }
}
