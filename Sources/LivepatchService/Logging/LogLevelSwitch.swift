public import Logging
import Synchronization

/// The log level of a whole process, which may change while it runs.
public final class LogLevelSwitch: Sendable {
    private let value: Mutex<Logger.Level>

    public init(_ level: Logger.Level) { value = Mutex(level) }

    public var level: Logger.Level {
        get { value.withLock { $0 } }
        set { value.withLock { $0 = newValue } }
    }
}
