public import Logging

/// How much is logged, by the names of Livepatch on-prem.
public enum LogLevel: String, Hashable, Sendable, CaseIterable {
    case trace, debug, info, warn, error, fatal

    /// The level by swift-log's name.
    public var loggerLevel: Logger.Level {
        switch self {
        case .trace: .trace
        case .debug: .debug
        case .info: .info
        case .warn: .warning
        case .error: .error
        case .fatal: .critical
        }
    }
}

/// The form of log lines.
public enum LogFormat: String, Hashable, Sendable, CaseIterable {
    /// For people.
    case text
    /// One JSON object a line.
    case json
}
