import Logging

/// Log lines for a person who waits for a command: the message and what belongs to it, without time and label.
struct SpokenLog: LogHandler {
    var logLevel: Logger.Level
    var metadata: Logger.Metadata = [:]
    private let say: @Sendable (String) -> Void

    init(logLevel: Logger.Level, say: @escaping @Sendable (String) -> Void) {
        self.logLevel = logLevel
        self.say = say
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let all = metadata.merging(event.metadata ?? [:]) { _, own in own }
        let details =
            all.isEmpty
            ? "" : " (" + all.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }.joined(separator: ", ") + ")"
        say("\(event.message)\(details)")
    }
}
