public import FoundationEssentials

/// Something to tell, before it is an event with an id.
public struct WebhookNotice: Sendable {
    public let type: WebhookEventType
    private let make: @Sendable (String, Date, DeploymentID) throws -> WebhookEvent

    init(_ type: WebhookEventType, _ data: some Encodable & Sendable) {
        self.type = type
        make = { try WebhookEvent(id: $0, type, at: $1, of: $2, data) }
    }

    func event(id: String, at time: Date, of deployment: DeploymentID) throws -> WebhookEvent { try make(id, time, deployment) }
}

/// Something that is so at present, of which webhooks are told once: when it begins.
public struct WebhookCondition: Sendable {
    /// What tells it from others of its kind.
    public let key: String
    public let notice: WebhookNotice

    public init(key: String, notice: WebhookNotice) {
        self.key = key
        self.notice = notice
    }
}

/// Finds out which conditions of a kind hold.
public protocol WebhookMonitor: Sendable {
    /// A word for the kind.
    var kind: String { get }
    /// The events that it tells: it need not look if nobody wants them.
    var types: [WebhookEventType] { get }
    /// What holds now.
    /// - Parameter known: the keys of what held at the last look.
    func conditions(known: Set<String>, at time: Date) async throws -> [WebhookCondition]
    /// What to tell of a condition that no longer holds; `nil` for nothing.
    func recovery(of key: String) async throws -> WebhookNotice?
}

extension WebhookMonitor {
    /// Nothing.
    public func recovery(of key: String) async throws -> WebhookNotice? { nil }
}
