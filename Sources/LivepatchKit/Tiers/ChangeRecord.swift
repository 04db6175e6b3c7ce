public import FoundationEssentials

/// One line of the history: who changed what when.
public struct ChangeRecord: Hashable, Sendable, Codable {
    public let id: Int64
    public let time: Date
    /// Who asked: an administrator's name, or ``upstreamActor``.
    public let actor: String
    /// The command, as `livepatch-admin` takes it.
    public let action: String
    /// Why, where a reason was given.
    public let reason: String?
    /// What changed in tiers and blocks; `nil` for changes of other things, which cannot be undone.
    public let change: TierChange?
    /// The change that this one undoes.
    public let undoes: Int64?
    /// The change that undid this one.
    public let undoneBy: Int64?

    public init(
        id: Int64, time: Date, actor: String, action: String, reason: String?, change: TierChange?, undoes: Int64?,
        undoneBy: Int64?
    ) {
        self.id = id
        self.time = time
        self.actor = actor
        self.action = action
        self.reason = reason
        self.change = change
        self.undoes = undoes
        self.undoneBy = undoneBy
    }
}

extension ChangeRecord {
    /// Who stands in the history for what an upstream decided. No administrator can have a name with a colon (RFC 7617, section 2).
    public static let upstreamActor = "sync:upstream"

    /// Who stands in the history for what the server did by itself.
    public static let serverActor = "server:itself"

    /// Whether it was decided upstream: then it can only be reversed there.
    public var isUpstreams: Bool { actor == Self.upstreamActor }

    /// Whether an undo can be tried: it changed tiers or blocks, was decided here, and has not been undone.
    public var isUndoable: Bool { change != nil && undoneBy == nil && !isUpstreams }
}

/// A change about to be recorded: a ``ChangeRecord`` that has no number yet.
public struct ChangeEntry: Hashable, Sendable {
    public let time: Date
    public let actor: String
    public let action: String
    public let reason: String?
    public let change: TierChange?
    public let undoes: Int64?

    public init(
        time: Date, actor: String, action: String, reason: String? = nil, change: TierChange? = nil, undoes: Int64? = nil
    ) {
        self.time = Timestamp.wholeSecond(time)
        self.actor = actor
        self.action = action
        self.reason = reason
        self.change = change
        self.undoes = undoes
    }
}
