import Logging
import Synchronization

@testable import LivepatchService

/// The lines of a log, kept.
final class CapturedLog: Sendable {
    private let kept = Mutex<[String]>([])
    let level = LogLevelSwitch(.trace)

    var lines: [String] { kept.withLock { $0 } }

    func logger(label: String, form: LineLogHandler.Form = .json) -> Logger {
        Logger(label: label) { label in
            LineLogHandler(label: label, form: form, level: self.level) { line in self.kept.withLock { $0.append(line) } }
        }
    }
}
