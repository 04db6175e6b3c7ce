public import LivepatchConsole
import Synchronization

/// An output that remembers.
public final class RecordedOutput: TextOutput {
    public let terminal: Terminal
    private let written = Mutex("")
    private let failure: (any Error)?

    public init(_ terminal: Terminal = .none, failing failure: (any Error)? = nil) {
        self.terminal = terminal
        self.failure = failure
    }

    public func write(_ text: String) throws {
        if let failure { throw failure }
        written.withLock { $0 += text }
    }

    public var text: String { written.withLock { $0 } }
    public var lines: [String] { text.split(separator: "\n", omittingEmptySubsequences: true).map(String.init) }
}
