public import FoundationEssentials

/// Somebody who wants to be told of events.
public struct Webhook: Hashable, Sendable, Codable, Identifiable {
    public let id: Int64
    public var url: WebhookURL
    public var events: WebhookSubscription
    public var created: Date
    /// Since when nothing is delivered; `nil` while it is.
    public var disabled: Date?
    /// Why.
    public var disabledReason: String?

    public init(
        id: Int64, url: WebhookURL, events: WebhookSubscription, created: Date, disabled: Date? = nil,
        disabledReason: String? = nil
    ) {
        self.id = id
        self.url = url
        self.events = events
        self.created = Timestamp.wholeSecond(created)
        self.disabled = disabled
        self.disabledReason = disabledReason
    }
}

/// One event on its way to one webhook.
public struct WebhookDelivery: Hashable, Sendable, Codable, Identifiable {
    public enum State: String, Sendable, Codable, CaseIterable {
        /// Not delivered yet; it is tried (again).
        case pending
        case delivered
        /// Given up.
        case failed
    }

    public let id: Int64
    /// The webhook's id.
    public let webhook: Int64
    /// The message's id (`webhook-id`).
    public let message: String
    public let type: WebhookEventType
    /// When the event happened.
    public let time: Date
    public var state: State
    /// How often it was tried.
    public var attempts: Int
    /// When it is tried next; `nil` if it is no more.
    public var next: Date?
    /// The last attempt; `nil` before the first.
    public var last: WebhookAttempt?

    public init(
        id: Int64, webhook: Int64, message: String, type: WebhookEventType, time: Date, state: State = .pending,
        attempts: Int = 0, next: Date? = nil, last: WebhookAttempt? = nil
    ) {
        self.id = id
        self.webhook = webhook
        self.message = message
        self.type = type
        self.time = time
        self.state = state
        self.attempts = attempts
        self.next = next
        self.last = last
    }
}

/// What came of one attempt to deliver.
public struct WebhookAttempt: Hashable, Sendable, Codable {
    public let time: Date
    /// The HTTP status; `nil` if there was no answer.
    public let status: Int?
    /// What the receiver said, or why there was no answer. Cut to 200 characters.
    public let message: String
    /// How long it took.
    public let milliseconds: Int64

    public init(time: Date, status: Int?, message: String, milliseconds: Int64) {
        self.time = Timestamp.wholeSecond(time)
        self.status = status
        self.message = String(message.prefix(200))
        self.milliseconds = milliseconds
    }

    /// Whether the receiver took it: 2xx.
    public var isSuccess: Bool { status.map { (200...299).contains($0) } ?? false }
}

/// A webhook with how its deliveries stand.
public struct WebhookSummary: Hashable, Sendable, Codable {
    public let webhook: Webhook
    public let pending: Int
    /// Given up.
    public let failed: Int
    /// When something was last delivered.
    public let lastDelivered: Date?

    public init(webhook: Webhook, pending: Int, failed: Int, lastDelivered: Date?) {
        self.webhook = webhook
        self.pending = pending
        self.failed = failed
        self.lastDelivered = lastDelivered
    }
}
