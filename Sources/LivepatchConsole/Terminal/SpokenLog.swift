public import Logging

/// Log lines for a person who waits for a command: the message and what belongs to it, without time and label.
public struct SpokenLog: LogHandler {
    public var logLevel: Logger.Level
    public var metadata: Logger.Metadata = [:]
    private let say: @Sendable (String) -> Void

    /// - Parameter say: says a line.
    public init(logLevel: Logger.Level, say: @escaping @Sendable (String) -> Void) {
        self.logLevel = logLevel
        self.say = say
    }

    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    public func log(event: LogEvent) {
        let all = metadata.merging(event.metadata ?? [:]) { _, own in own }
        let details =
            all.isEmpty
            ? "" : " (" + all.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }.joined(separator: ", ") + ")"
        say("\(event.message)\(details)")
    }
}
