public import FoundationEssentials
public import Logging

/// Carries messages to receivers.
public protocol WebhookTransport: Sendable {
    /// Posts a message. Follows no redirect, waits no longer than is sensible, and reads no more of an answer than is worth showing.
    /// - Throws: ``LivepatchError`` if there was no answer, `CancellationError`.
    func post(_ message: WebhookMessage) async throws -> WebhookAnswer
}

/// A message as it is posted.
public struct WebhookMessage: Hashable, Sendable {
    public let url: WebhookURL
    public let headers: [String: String]
    public let body: [UInt8]

    public init(url: WebhookURL, headers: [String: String], body: [UInt8]) {
        self.url = url
        self.headers = headers
        self.body = body
    }
}

/// What a receiver answered.
public struct WebhookAnswer: Hashable, Sendable {
    /// The HTTP status.
    public let status: Int
    /// How long it asks to wait (`Retry-After`).
    public let retryAfter: Duration?
    /// The beginning of its body, as text.
    public let text: String

    public init(status: Int, retryAfter: Duration? = nil, text: String = "") {
        self.status = status
        self.retryAfter = retryAfter
        self.text = text
    }
}

/// Delivers one message: signs it, posts it, and decides what becomes of it.
public struct WebhookCourier: Sendable {
    private let store: any WebhookStore
    private let secrets: any WebhookSecretStore
    private let transport: any WebhookTransport
    private let schedule: WebhookRetrySchedule
    private let logger: Logger
    private let now: @Sendable () -> Date
    private let jitter: @Sendable () -> Double

    /// - Parameters:
    ///   - now: the current time.
    ///   - jitter: random numbers from 0 to 1.
    public init(
        store: any WebhookStore, secrets: any WebhookSecretStore, transport: any WebhookTransport,
        schedule: WebhookRetrySchedule = WebhookRetrySchedule(), logger: Logger, now: @escaping @Sendable () -> Date,
        jitter: @escaping @Sendable () -> Double = { Double.random(in: 0...1) }
    ) {
        self.store = store
        self.secrets = secrets
        self.transport = transport
        self.schedule = schedule
        self.logger = logger
        self.now = now
        self.jitter = jitter
    }

    /// Posts a message once, whatever its webhook subscribes to.
    /// - Throws: ``LivepatchError`` with the codes `not-found`, `configuration-invalid` if its secret is gone, `CancellationError`.
    public func post(_ event: WebhookEvent, to webhook: Webhook) async throws -> WebhookAttempt {
        try await attempt(event.id, event.body, webhook).attempt
    }

    /// Delivers what is next. An attempt that is cancelled did not take place: it is made again at the next start.
    /// - Returns: `nil` if the message was taken; otherwise how long the receiver should be left alone.
    /// - Throws: what the store fails with, `CancellationError`.
    func deliver(_ parcel: WebhookParcel) async throws -> Duration? {
        let (attempt, retryAfter) = try await attempt(parcel.delivery.message, parcel.body, parcel.webhook)
        var delivery = parcel.delivery
        delivery.attempts += 1
        delivery.last = attempt
        delivery.next = nil
        let metadata: Logger.Metadata = [
            "webhook": "\(parcel.webhook.id)", "delivery": "\(delivery.id)", "event": "\(delivery.type.rawValue)",
            "attempt": "\(delivery.attempts)",
        ]
        if attempt.isSuccess {
            delivery.state = .delivered
            try await store.write(delivery)
            logger.debug("Told \(parcel.webhook.url.redacted).", metadata: metadata)
            return nil
        }
        if attempt.status == 410 {
            delivery.state = .failed
            try await store.write(delivery)
            try await disable(parcel.webhook)
            return .zero
        }
        let wait = schedule.wait(afterAttempts: delivery.attempts, retryAfter: retryAfter, jitter: jitter())
        if let wait {
            delivery.next = now().addingTimeInterval(wait / .seconds(1))
        } else {
            delivery.state = .failed
        }
        try await store.write(delivery)
        logger.warning(
            "\(parcel.webhook.url.redacted) could not be told: \(attempt.message). \(wait.map { "It is tried again in \(DurationText.text(.seconds($0.components.seconds)))." } ?? "It is given up; `livepatch-admin webhooks retry` tries again.")",
            metadata: metadata)
        // A receiver that is down need not be asked for every message; one that refuses this message may take the next.
        let isDown = attempt.status.map { $0 == 429 || $0 >= 500 } ?? true
        return isDown ? max(retryAfter ?? .zero, min(wait ?? .seconds(60), .seconds(60))) : .zero
    }

    private func attempt(
        _ id: String, _ body: [UInt8], _ webhook: Webhook
    ) async throws -> (attempt: WebhookAttempt, retryAfter: Duration?) {
        guard let reference = try await store.secretReference(of: webhook.id) else {
            throw LivepatchError.webhookUnknown(webhook.id)
        }
        let time = now()
        let start = ContinuousClock.now
        func result(_ status: Int?, _ message: String, _ retryAfter: Duration? = nil) -> (WebhookAttempt, Duration?) {
            let duration = ContinuousClock.now - start
            return (
                WebhookAttempt(
                    time: time, status: status, message: message,
                    milliseconds: duration.components.seconds * 1000 + duration.components.attoseconds / 1_000_000_000_000_000),
                retryAfter
            )
        }
        do {
            guard let secret = try await secrets.secret(reference) else {
                throw LivepatchError(
                    .configurationInvalid, "The secret of the webhook \(webhook.id) is gone.",
                    suggestion:
                        "Restore 'keys/webhooks' in the data directory from a backup, or remove the webhook and add it anew.")
            }
            let timestamp = Int64(time.timeIntervalSince1970.rounded(.down))
            let message = WebhookMessage(
                url: webhook.url,
                headers: [
                    "content-type": "application/json", "webhook-id": id, "webhook-timestamp": "\(timestamp)",
                    "webhook-signature": secret.signature(id: id, timestamp: timestamp, body: body),
                ], body: body)
            let answer = try await transport.post(message)
            let hint = (300...399).contains(answer.status) ? " (redirects are not followed: give the webhook the new URL)" : ""
            return result(
                answer.status, "\(answer.status)\(hint)\(answer.text.isEmpty ? "" : ": \(answer.text)")", answer.retryAfter)
        } catch let error as LivepatchError {
            try Task.checkCancellation()
            return result(nil, "\(error)")
        }
    }

    private func disable(_ webhook: Webhook) async throws {
        let entry = ChangeEntry(
            time: now(), actor: ChangeRecord.serverActor, action: "webhooks disable \(webhook.id)", reason: "410 Gone")
        try await store.setDisabled(webhook.id, reason: "its receiver answered 410 (Gone)", entry: entry)
        logger.warning(
            "The webhook \(webhook.id) is disabled: \(webhook.url.redacted) answered 410 (Gone), which says that it wants no more. `livepatch-admin webhooks enable \(webhook.id)` lets it begin again."
        )
    }
}
