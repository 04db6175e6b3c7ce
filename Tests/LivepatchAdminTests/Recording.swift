import FoundationEssentials
import LivepatchConsole
import Synchronization

/// An output that remembers.
final class RecordedOutput: TextOutput {
    let terminal: Terminal
    private let written = Mutex("")
    private let failure: (any Error)?

    init(_ terminal: Terminal = .none, failing failure: (any Error)? = nil) {
        self.terminal = terminal
        self.failure = failure
    }

    func write(_ text: String) throws {
        if let failure { throw failure }
        written.withLock { $0 += text }
    }

    var text: String { written.withLock { $0 } }
    var lines: [String] { text.split(separator: "\n", omittingEmptySubsequences: true).map(String.init) }
}

/// A console that remembers, with a clock that stands at 2024-06-01T12:00:00Z.
struct RecordedConsole {
    let output: RecordedOutput
    let errorOutput: RecordedOutput
    let console: Console

    static let now = Date(timeIntervalSince1970: 1_717_243_200)

    init(
        output: Terminal = .none, errorOutput: Terminal = .none, environment: [String: String] = [:], failing: (any Error)? = nil
    ) {
        self.output = RecordedOutput(output, failing: failing)
        self.errorOutput = RecordedOutput(errorOutput)
        console = Console(output: self.output, errorOutput: self.errorOutput, environment: environment, now: { Self.now })
    }
}
