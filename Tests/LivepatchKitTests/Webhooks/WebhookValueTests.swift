import FoundationEssentials
import LivepatchTesting
import Testing

@testable import LivepatchKit

@Suite struct WebhookValueTests {
    @Test func `Messages are signed as the reference implementations of Standard Webhooks sign them`() throws {
        // libraries/go/webhook_test.go, TestWebhookSign
        for text in ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"] {
            let signature = try WebhookSecret(parsing: text).signature(
                id: "msg_p5jXN8AQM9LWM0D4loKWxJek", timestamp: 1_614_265_330, body: Array(#"{"test": 2432232314}"#.utf8))
            #expect(signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")
        }
    }

    @Test func `A secret that is made has 32 bytes, and is read back`() throws {
        var generator = SeededGenerator(seed: 1)
        let secret = WebhookSecret(using: &generator)
        #expect(secret.text.hasPrefix("whsec_") && secret.text.utf8.count == 6 + 44)
        #expect(try WebhookSecret(parsing: secret.text) == secret)
    }

    @Test(arguments: ["", "whsec_", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLa", "whsec_!!!!", String(repeating: "A", count: 88)])
    func `Other texts are no secrets, and are not repeated`(text: String) {
        let error = expectError(.malformedValue) { try WebhookSecret(parsing: text) }
        #expect(text.count < 8 || error?.description.contains(text) == false)
    }

    @Test(arguments: [
        (["*"], WebhookEventType.subscribable), (["patch.blocked"], [.patchBlocked]),
        (["patch.*"], [.patchImported, .patchPromoted, .patchWithdrawn, .patchBlocked, .patchUnblocked]),
        (["sync.failed", "health.*"], [.syncFailed, .healthDegraded, .healthRecovered]),
    ]) func `A subscription is for types, groups or all`(patterns: [String], types: [WebhookEventType]) throws {
        let subscription = try WebhookSubscription(patterns)
        #expect(WebhookEventType.allCases.filter(subscription.includes) == types)
    }

    @Test(arguments: [[], ["patch"], ["patch.*", "nonsense"], ["*.*"], ["webhook.test"], ["webhook.*"], [""], ["PATCH.BLOCKED"]])
    func `A subscription to what there is not is refused`(patterns: [String]) {
        expectError(.malformedValue, naming: ["patch.blocked"]) { try WebhookSubscription(patterns) }
    }

    @Test(arguments: [
        "https://hooks.example.com/livepatch?key=1", "http://127.0.0.1:9000", "http://[::1]:9000/a", "HTTPS://example.com/",
        "http://10.0.0.5/",
    ]) func `Receivers may be anywhere, on the same machine, too`(text: String) throws {
        #expect(try WebhookURL(parsing: text).rawValue == text)
    }

    @Test(arguments: [
        "", "hooks.example.com", "ftp://example.com/", "https://", "https:///a", "https://user:s3cret@example.com/",
        "https://user@example.com/", "https://example.com/#a", "https://example.com/a b", "https://example.com:0/",
        "https://example.com/\u{E9}", "https://example.com/" + String(repeating: "a", count: 2048),
    ]) func `Other texts are no receiver's URL`(text: String) {
        let error = expectError(.malformedValue) { try WebhookURL(parsing: text) }
        #expect(error?.description.contains("s3cret") != true)
    }

    @Test(arguments: [
        ("https://hooks.example.com/services/T0/B0/secret", "https://hooks.example.com/services…"),
        ("https://example.com/?token=secret", "https://example.com…"), ("http://10.0.0.5:9000", "http://10.0.0.5:9000"),
        ("http://10.0.0.5:9000/hook", "http://10.0.0.5:9000/hook"),
    ]) func `What may be secret in a URL is not logged`(text: String, redacted: String) throws {
        #expect(try WebhookURL(parsing: text).redacted == redacted)
    }

    @Test func `The schedule is the standard's, with jitter, no sooner than asked for, and has an end`() {
        let schedule = WebhookRetrySchedule()
        let waits = (1...9).map { schedule.wait(afterAttempts: $0, retryAfter: nil, jitter: 0) }
        #expect(
            waits == [
                .seconds(5), .seconds(300), .seconds(1800), .seconds(7200), .seconds(18_000), .seconds(36_000), .seconds(50_400),
                .seconds(72_000), .seconds(86_400),
            ])
        #expect(schedule.wait(afterAttempts: 10, retryAfter: nil, jitter: 0) == nil)
        #expect(schedule.wait(afterAttempts: 2, retryAfter: nil, jitter: 1) == .seconds(375))
        #expect(schedule.wait(afterAttempts: 1, retryAfter: .seconds(60), jitter: 1) == .seconds(60))
        #expect(schedule.wait(afterAttempts: 2, retryAfter: .seconds(60), jitter: 0) == .seconds(300))
        #expect(schedule.wait(afterAttempts: 10, retryAfter: .seconds(60), jitter: 0) == nil)
        for seed in 0..<100 {
            var generator = SeededGenerator(seed: UInt64(seed))
            let attempt = Int.random(in: 1...9, using: &generator)
            let wait = schedule.wait(
                afterAttempts: attempt, retryAfter: nil, jitter: Double.random(in: 0...1, using: &generator))
            let least = schedule.waits[attempt - 1]
            #expect(wait.map { (least...least * 1.25).contains($0) } == true)
        }
    }
}
