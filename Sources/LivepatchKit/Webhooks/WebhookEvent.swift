public import FoundationEssentials

/// Something that happened, ready to be told.
public struct WebhookEvent: Hashable, Sendable {
    /// The message's id (`webhook-id`): the same for every webhook and every attempt.
    public let id: String
    public let type: WebhookEventType
    /// When it happened.
    public let time: Date
    /// The body: JSON with `type`, `timestamp`, `deployment` and `data`, the same bytes at every attempt.
    public let body: [UInt8]

    public init(id: String, type: WebhookEventType, time: Date, body: [UInt8]) {
        self.id = id
        self.type = type
        self.time = Timestamp.wholeSecond(time)
        self.body = body
    }

    /// - Parameters:
    ///   - id: as ``newID(using:)`` makes it.
    ///   - deployment: the server that tells it.
    init(id: String, _ type: WebhookEventType, at time: Date, of deployment: DeploymentID, _ data: some Encodable) throws {
        let payload = WebhookPayload(type: type, timestamp: time, deployment: deployment, data: data)
        self.init(id: id, type: type, time: time, body: try DocumentCoding.encode(payload))
    }

    /// A new id: `msg_` and 128 random bits.
    static func newID(using generator: inout some RandomNumberGenerator) -> String {
        "msg_" + Hexadecimal.text((0..<16).map { _ in UInt8.random(in: .min ... .max, using: &generator) })
    }
}

/// Up to which change and which sync report events were made.
public struct WebhookCursor: Hashable, Sendable {
    /// The number of the last change of the history.
    public var change: Int64
    /// The number of the last sync report.
    public var report: Int64
    /// Whether that sync failed, or did not get everything.
    public var isFailing: Bool

    public init(change: Int64 = 0, report: Int64 = 0, isFailing: Bool = false) {
        self.change = change
        self.report = report
        self.isFailing = isFailing
    }
}

/// An event with the moment of the history that it belongs to.
public struct WebhookNews: Hashable, Sendable {
    /// What an event was made from.
    public enum Origin: Hashable, Sendable {
        /// A change of the history, by number.
        case change(Int64)
        /// A sync report, by number.
        case report(Int64)
    }

    public let event: WebhookEvent
    public let origin: Origin

    public init(_ event: WebhookEvent, origin: Origin) {
        self.event = event
        self.origin = origin
    }
}
