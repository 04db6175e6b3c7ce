/// `GET /v1/sync/events`: an event stream (`text/event-stream`, HTML Living Standard, section 9.2) of events `head`, whose data is a
/// ``HeadEventBody``: one at once, and another whenever the head of the token's view has changed. Between them come comments.
public enum HeadEvents {
    public static let mediaType = "text/event-stream"
    /// The type of its events.
    public static let name = "head"
    /// How long a stream is silent at most.
    public static let heartbeat: Duration = .seconds(5)
    /// After how much silence a listener takes the other side for dead.
    public static let patience: Duration = .seconds(16)
    /// How long a stream lasts at most; then the listener comes again, and shows its token again.
    public static let lifetime: Duration = .seconds(900)
}

/// The data of an event `head`.
public struct HeadEventBody: Hashable, Sendable, Codable {
    /// The head's entity tag, without quotes.
    public let tag: String

    public init(tag: String) { self.tag = tag }
}
