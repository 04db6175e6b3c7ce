import Foundation
import LivepatchTesting
import Logging
import Synchronization
import Testing

@testable import LivepatchKit

/// A server in memory that tells webhooks, with a clock that stands still.
private struct Scene: Sendable {
    let clock = ManualClock(start: Date(timeIntervalSince1970: 1_767_225_600))
    let database = InMemoryDatabase()
    let catalog: InMemoryCatalog
    let reports: InMemorySyncReportStore
    let tokens: InMemoryTokenStore
    let machines: InMemoryMachineStore
    let store: InMemoryWebhookStore
    let secrets = InMemoryWebhookSecrets()
    let receiver = InMemoryReceiver()
    let administration: WebhookAdministration
    let dispatcher: WebhookDispatcher
    let tiers: TierAdministration

    init(jitter: Double = 0, now: (@Sendable () -> Date)? = nil) {
        let clock = clock
        let now = now ?? { clock.date }
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        catalog = InMemoryCatalog(database)
        reports = InMemorySyncReportStore(database)
        tokens = InMemoryTokenStore(database)
        machines = InMemoryMachineStore(database)
        store = InMemoryWebhookStore(database)
        let authTokens = InMemoryAuthTokenStore(database)
        let courier = WebhookCourier(
            store: store, secrets: secrets, transport: receiver, logger: logger, now: now, jitter: { jitter })
        administration = WebhookAdministration(
            store: store, secrets: secrets, courier: courier, catalog: catalog, reports: reports, now: now)
        dispatcher = WebhookDispatcher(
            store: store, catalog: catalog, reports: reports, courier: courier,
            monitors: [
                PatchHealthMonitor(machines: machines, tiers: TierStateCache(catalog: catalog)),
                TokenExpiryMonitor(tokens: tokens, authTokens: authTokens),
            ], logger: logger, now: now)
        tiers = TierAdministration(catalog: catalog, tokens: tokens, authTokens: authTokens, authority: .local, now: now)
    }

    @discardableResult
    func hook(_ path: String = "a", _ events: [String] = ["*"]) async throws -> Webhook {
        try await administration.add(
            WebhookURL(parsing: "https://hooks.example/\(path)"), events: WebhookSubscription(events), secret: nil, by: "alice"
        ).webhook
    }

    /// Something to tell, of the type `patch.imported`.
    func importPatch(_ version: String) async throws {
        let name = try PatchFileName(parsing: "livepatch-5.15.0-1.1-generic-\(version)-amd64.tar.bz2")
        let file = PatchFile(name: name, length: 1, digest: SHA256Digest(of: [1]), released: clock.date)
        _ = try await catalog.add(file, entry: ChangeEntry(time: clock.date, actor: "alice", action: "patch import \(name)"))
    }

    func delivery(_ id: Int64 = 1) async throws -> WebhookDelivery {
        try #require(try await store.deliveries(webhook: nil, state: nil, before: nil, limit: 1000).first { $0.id == id })
    }

    /// The versions that were told, in order.
    func told(_ path: String = "a") -> [String] {
        receiver.messages.filter { $0.url.rawValue.hasSuffix("/\(path)") }.compactMap { message in
            let body = try? JSONSerialization.jsonObject(with: Data(message.body)) as? [String: Any]
            return (body?["data"] as? [String: Any])?["version"] as? String
        }
    }

    func types() -> [String] {
        receiver.messages.compactMap { message in
            (try? JSONSerialization.jsonObject(with: Data(message.body)) as? [String: Any])?["type"] as? String
        }
    }
}

@Suite struct WebhookDeliveryTests {
    @Test func `A message is signed, carries the standard's headers, and is told to whoever subscribes`() async throws {
        let scene = Scene()
        let given = try WebhookSecret(parsing: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
        let (webhook, _) = try await scene.administration.add(
            WebhookURL(parsing: "https://hooks.example/a"), events: WebhookSubscription(["patch.*"]), secret: given, by: "alice")
        try await scene.hook("b", ["sync.failed"])
        try await scene.importPatch("107.1")
        await scene.dispatcher.runOnce()
        #expect(scene.receiver.messages.count == 1)
        let message = try #require(scene.receiver.messages.first)
        #expect(message.url == webhook.url && message.headers["content-type"] == "application/json")
        let id = try #require(message.headers["webhook-id"])
        #expect(id.hasPrefix("msg_") && !id.contains("."))
        #expect(message.headers["webhook-timestamp"] == "1767225600")
        #expect(message.headers["webhook-signature"] == given.signature(id: id, timestamp: 1_767_225_600, body: message.body))
        let delivery = try await scene.delivery()
        #expect(delivery.state == .delivered && delivery.attempts == 1 && delivery.message == id && delivery.next == nil)
        #expect(delivery.last?.status == 204)
        await scene.dispatcher.runOnce()
        #expect(scene.receiver.messages.count == 1)
    }

    @Test func `What happened before a webhook was added is not told to it`() async throws {
        let scene = Scene()
        try await scene.importPatch("100.1")
        try await scene.hook("a")
        try await scene.importPatch("101.1")
        try await scene.hook("b")
        try await scene.importPatch("102.1")
        await scene.dispatcher.runOnce()
        #expect(scene.told("a") == ["101.1", "102.1"])
        #expect(scene.told("b") == ["102.1"])
    }

    @Test func `Who comes after all were removed is not told what happened meanwhile`() async throws {
        let scene = Scene()
        let first = try await scene.hook("a")
        try await scene.administration.remove(first.id, by: "alice")
        #expect(scene.secrets.references.isEmpty)
        try await scene.importPatch("100.1")
        await scene.dispatcher.runOnce()
        try await scene.hook("b")
        try await scene.importPatch("101.1")
        await scene.dispatcher.runOnce()
        #expect(scene.told("b") == ["101.1"])
    }

    @Test func `Messages are first told in the order of events`() async throws {
        let scene = Scene()
        try await scene.hook()
        let versions = (100..<160).map { "\($0).1" }
        for version in versions { try await scene.importPatch(version) }
        await scene.dispatcher.runOnce()
        #expect(scene.told() == versions)
    }

    @Test func `A failed message is tried by the schedule with the same id and body, and then given up`() async throws {
        let scene = Scene()
        try await scene.hook()
        scene.receiver.answer { _ in WebhookAnswer(status: 404, text: "nothing here") }
        try await scene.importPatch("107.1")
        var waits: [Duration] = []
        while true {
            await scene.dispatcher.runOnce()
            let delivery = try await scene.delivery()
            guard let next = delivery.next else { break }
            #expect(delivery.state == .pending && delivery.attempts == waits.count + 1)
            // A second before nothing is done.
            scene.clock.advance(by: .seconds(next.timeIntervalSince(scene.clock.date) - 1))
            let count = scene.receiver.messages.count
            await scene.dispatcher.runOnce()
            #expect(scene.receiver.messages.count == count)
            waits.append(.seconds(next.timeIntervalSince(try #require(delivery.last).time)))
            scene.clock.advance(by: .seconds(1))
        }
        #expect(waits == WebhookRetrySchedule().waits)
        let delivery = try await scene.delivery()
        #expect(delivery.state == .failed && delivery.attempts == 10 && delivery.last?.message == "404: nothing here")
        #expect(Set(scene.receiver.messages.map(\.body)).count == 1)
        #expect(Set(scene.receiver.messages.map { $0.headers["webhook-id"] }).count == 1)
        #expect(Set(scene.receiver.messages.map { $0.headers["webhook-timestamp"] }).count == 10)
        #expect(Set(scene.receiver.messages.map { $0.headers["webhook-signature"] }).count == 10)

        // Somebody asks for it once more.
        scene.receiver.answer { _ in WebhookAnswer(status: 200) }
        #expect(try await scene.administration.retry(delivery.id, webhook: nil, by: "alice") == 1)
        await scene.dispatcher.runOnce()
        #expect(try await scene.delivery().state == .delivered)
        await expectError(.notFound) { try await scene.administration.retry(delivery.id, webhook: nil, by: "alice") }
        #expect(try await scene.administration.retry(nil, webhook: nil, by: "alice") == 0)
    }

    @Test func `A message that is refused does not hold up the next one`() async throws {
        let scene = Scene()
        try await scene.hook()
        scene.receiver.answer { message in
            WebhookAnswer(status: String(decoding: message.body, as: UTF8.self).contains("101.1") ? 422 : 200)
        }
        for version in ["100.1", "101.1", "102.1"] { try await scene.importPatch(version) }
        await scene.dispatcher.runOnce()
        #expect(scene.told() == ["100.1", "101.1", "102.1"])
        #expect(try await scene.store.summaries().first.map { [$0.pending, $0.failed] } == [1, 0])
    }

    @Test func `A receiver that is down is left alone for a while, and others are not`() async throws {
        let scene = Scene()
        try await scene.hook("down")
        try await scene.hook("up")
        scene.receiver.answer { message in
            guard message.url.rawValue.hasSuffix("down") else { return WebhookAnswer(status: 200) }
            throw LivepatchError(.serverUnreachable, "It cannot be connected to.")
        }
        for version in ["100.1", "101.1", "102.1"] { try await scene.importPatch(version) }
        await scene.dispatcher.runOnce()
        await scene.dispatcher.runOnce()
        #expect(scene.told("up") == ["100.1", "101.1", "102.1"])
        #expect(scene.told("down") == ["100.1"])
        scene.receiver.answer { _ in WebhookAnswer(status: 200) }
        scene.clock.advance(by: .seconds(5))
        await scene.dispatcher.runOnce()
        #expect(Set(scene.told("down")) == ["100.1", "101.1", "102.1"])
        #expect(try await scene.store.due(at: .distantFuture).isEmpty)
    }

    @Test(arguments: [429, 503]) func `Retry-After is honoured for all messages to that receiver`(status: Int) async throws {
        let scene = Scene()
        try await scene.hook()
        scene.receiver.answer { _ in WebhookAnswer(status: status, retryAfter: .seconds(120)) }
        for version in ["100.1", "101.1"] { try await scene.importPatch(version) }
        await scene.dispatcher.runOnce()
        scene.receiver.answer { _ in WebhookAnswer(status: 200) }
        scene.clock.advance(by: .seconds(119))
        await scene.dispatcher.runOnce()
        #expect(scene.receiver.messages.count == 1)
        scene.clock.advance(by: .seconds(1))
        await scene.dispatcher.runOnce()
        #expect(scene.receiver.messages.count == 3)
    }

    @Test func `410 disables a webhook, and an administrator enables it again`() async throws {
        let scene = Scene()
        let webhook = try await scene.hook()
        scene.receiver.answer { _ in WebhookAnswer(status: 410) }
        for version in ["100.1", "101.1"] { try await scene.importPatch(version) }
        await scene.dispatcher.runOnce()
        #expect(scene.told() == ["100.1"])
        let disabled = try await scene.store.webhooks().first
        #expect(disabled?.disabled != nil && disabled?.disabledReason?.contains("410") == true)
        try await scene.importPatch("102.1")
        await scene.dispatcher.runOnce()
        #expect(scene.told() == ["100.1"], "nobody is asked")
        #expect(try await scene.catalog.history(limit: 10, before: nil).contains { $0.action == "webhooks disable 1" })
        scene.receiver.answer { _ in WebhookAnswer(status: 200) }
        #expect(try await scene.administration.enable(webhook.id, by: "alice").disabled == nil)
        try await scene.importPatch("103.1")
        await scene.dispatcher.runOnce()
        #expect(scene.told() == ["100.1", "101.1", "103.1"])
    }

    @Test(arguments: [301, 302, 307, 308]) func `A redirect is a failure that says what to do`(status: Int) async throws {
        let scene = Scene()
        try await scene.hook()
        scene.receiver.answer { _ in WebhookAnswer(status: status) }
        try await scene.importPatch("107.1")
        await scene.dispatcher.runOnce()
        let delivery = try await scene.delivery()
        #expect(delivery.state == .pending && delivery.last?.message.contains("redirects are not followed") == true)
    }

    @Test func `A slow receiver holds up nobody else, and gets one message at a time`() async throws {
        let scene = Scene()
        try await scene.hook("slow")
        try await scene.hook("quick")
        let (entered, enter) = AsyncStream.makeStream(of: Void.self)
        let (opened, open) = AsyncStream.makeStream(of: Void.self)
        scene.receiver.answer { message in
            if message.url.rawValue.hasSuffix("slow") {
                enter.yield()
                for await _ in opened { break }
            }
            return WebhookAnswer(status: 200)
        }
        for version in ["100.1", "101.1"] { try await scene.importPatch(version) }
        let first = Task { await scene.dispatcher.runOnce() }
        for await _ in entered { break }
        // The quick one is served while the slow one takes its time.
        while scene.told("quick").count < 2 { await Task.yield() }
        try await scene.importPatch("102.1")
        await scene.dispatcher.runOnce()
        #expect(scene.told("quick") == ["100.1", "101.1", "102.1"])
        #expect(scene.told("slow") == ["100.1"], "one message is under way")
        open.finish()
        await first.value
        #expect(scene.told("slow") == ["100.1", "101.1", "102.1"])
    }

    @Test func `A message that is under way when the server stops is told again`() async throws {
        let scene = Scene()
        try await scene.hook()
        try await scene.importPatch("100.1")
        let (entered, enter) = AsyncStream.makeStream(of: Void.self)
        scene.receiver.answer { _ in
            enter.yield()
            try await Task.sleep(for: .seconds(3600))
            return WebhookAnswer(status: 200)
        }
        let run = Task { await scene.dispatcher.run { try await Task.sleep(for: .seconds(3600)) } }
        for await _ in entered { break }
        run.cancel()
        await run.value
        #expect(try await scene.delivery().attempts == 0)
        scene.receiver.answer { _ in WebhookAnswer(status: 200) }
        await scene.dispatcher.runOnce()
        let ids = scene.receiver.messages.map { $0.headers["webhook-id"] }
        #expect(ids.count == 2 && Set(ids).count == 1, "with the same id, so that the receiver can tell")
        #expect(try await scene.delivery().state == .delivered)
    }

    @Test func `A secret that is gone is told, and no message goes out unsigned`() async throws {
        let scene = Scene()
        try await scene.hook()
        try await scene.secrets.forget(except: [])
        try await scene.importPatch("100.1")
        await scene.dispatcher.runOnce()
        #expect(scene.receiver.messages.isEmpty)
        #expect(try await scene.delivery().last?.message.contains("secret") == true)
    }

    @Test func `A test message goes out at once, whatever is subscribed to`() async throws {
        let scene = Scene()
        let webhook = try await scene.hook("a", ["sync.failed"])
        scene.receiver.answer { _ in WebhookAnswer(status: 418, text: "teapot") }
        let attempt = try await scene.administration.test(webhook.id, by: "alice")
        #expect(!attempt.isSuccess && attempt.message == "418: teapot")
        #expect(scene.types() == ["webhook.test"])
        #expect(try await scene.store.deliveries(webhook: nil, state: nil, before: nil, limit: 10).isEmpty)
        await expectError(.notFound) { try await scene.administration.test(99, by: "alice") }
    }

    @Test func `A URL has one webhook, and a server has a hundred`() async throws {
        let scene = Scene()
        try await scene.hook("0")
        await expectError(.alreadyExists, naming: ["webhook 1"]) { try await scene.hook("0", ["sync.failed"]) }
        for number in 1..<100 { try await scene.hook("\(number)") }
        await expectError(.malformedRequest) { try await scene.hook("100") }
        #expect(scene.secrets.references.count == 100)
    }

    // MARK: What is so at present

    @Test func `Patch health is told once when it is bad, and once when it is good again`() async throws {
        let scene = Scene()
        try await scene.importPatch("107.1")
        try await scene.hook("a", ["health.*"])
        let machines = try await scene.fleet(20)
        try await scene.report(machines, failed: 2)
        await scene.look()
        #expect(scene.types().isEmpty, "two of twenty are a tenth, and no more")
        try await scene.report(machines, failed: 3)
        for _ in 0..<3 { await scene.look() }
        #expect(scene.types() == ["health.degraded"])
        let body = try #require(
            try JSONSerialization.jsonObject(with: Data(scene.receiver.messages[0].body)) as? [String: Any])
        let data = try #require(body["data"] as? [String: Any])
        #expect(data["version"] as? String == "107.1" && data["tier"] as? String == "edge")
        #expect(data["failed"] as? Int == 3 && data["machines"] as? Int == 20)
        try await scene.report(machines, failed: 0)
        for _ in 0..<2 { await scene.look() }
        #expect(scene.types() == ["health.degraded", "health.recovered"])
        try await scene.report(machines, failed: 20)
        await scene.look()
        #expect(scene.types().last == "health.degraded")
    }

    @Test(arguments: [
        (9, 1000, false), (10, 1000, true), (1, 1, false), (2, 2, true), (2, 20, false), (3, 20, true), (0, 0, false),
    ])
    func `So many failures, or such a share, are too many`(failed: Int, machines: Int, isExceeded: Bool) {
        #expect(PatchHealthMonitor.Threshold().isExceeded(failed: failed, of: machines) == isExceeded)
    }

    @Test func `A token's end is told a week ahead and a day ahead, once each`() async throws {
        let scene = Scene()
        try await scene.hook("a", ["token.expiring"])
        let issuer = TokenIssuer(tokens: scene.tokens, now: { scene.clock.date })
        for (name, days) in [("soon", 10), ("never", nil), ("late", 300)] as [(String, Double?)] {
            _ = try await issuer.add(
                tier: "edge", name: name, validUntil: days.map { scene.clock.date.addingTimeInterval($0 * 86_400) }, by: "test")
        }
        var told: [Int] = []
        for _ in 0..<12 {
            await scene.look()
            await scene.look()
            told.append(scene.types().count)
            scene.clock.advance(by: .seconds(86_400))
        }
        #expect(told == [0, 0, 0, 1, 1, 1, 1, 1, 1, 2, 2, 2])
        #expect(String(decoding: scene.receiver.messages[0].body, as: UTF8.self).contains(#""name":"soon""#))
    }
}

extension Scene {
    /// Looks at what holds, a minute later.
    fileprivate func look() async {
        clock.advance(by: .seconds(61))
        await dispatcher.runOnce()
    }

    fileprivate func fleet(_ count: Int) async throws -> [HashedMachineID] {
        let authTokens = InMemoryAuthTokenStore(database)
        let hash = SHA256Digest(of: [9])
        try await authTokens.add(
            AuthToken(id: "fleet", tier: "edge", created: clock.date, hash: hash),
            entry: ChangeEntry(time: clock.date, actor: "test", action: "auth-token"))
        var machines: [HashedMachineID] = []
        for number in 0..<count {
            let id = HashedMachineID(digest: SHA256Digest(of: [UInt8(number)]))
            _ = try await self.machines.register(id, token: SHA256Digest(of: [1, UInt8(number)]), with: hash, at: clock.date)
            machines.append(id)
        }
        return machines
    }

    fileprivate func report(_ machines: [HashedMachineID], failed: Int) async throws {
        let kernel = MachineKernel(version: "5.15.0-1.1", flavour: "generic", architecture: .amd64)
        let time = clock.date
        try await self.machines.write(
            machines.enumerated().map { index, id in
                var report = MachineReport(kernel: kernel, patchState: index < failed ? .applyFailed : .applied)
                if index < failed { report.attemptedVersion = "107.1" } else { report.patchVersion = "107.1" }
                return MachineUpdate(machine: id, time: time, report: report, isChange: true)
            })
    }
}
