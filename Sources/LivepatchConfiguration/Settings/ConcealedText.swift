/// A secret that no string interpolation, log line or dump shows.
public struct ConcealedText: Hashable, Sendable {
    /// The secret itself, for the one place that sends or compares it.
    public let revealed: String

    public init(_ text: String) { revealed = text }
}

extension ConcealedText: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String { Redaction.marker }
    public var debugDescription: String { Redaction.marker }
    public var customMirror: Mirror { Mirror(self, children: []) }
}
