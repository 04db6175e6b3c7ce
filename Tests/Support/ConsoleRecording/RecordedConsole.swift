public import FoundationEssentials
public import LivepatchConsole

/// A console that remembers, with a clock that stands at 2024-06-01T12:00:00Z.
public struct RecordedConsole {
    public let output: RecordedOutput
    public let errorOutput: RecordedOutput
    public let console: Console

    public static let now = Date(timeIntervalSince1970: 1_717_243_200)

    public init(
        output: Terminal = .none, errorOutput: Terminal = .none, environment: [String: String] = [:], failing: (any Error)? = nil
    ) {
        self.output = RecordedOutput(output, failing: failing)
        self.errorOutput = RecordedOutput(errorOutput)
        console = Console(output: self.output, errorOutput: self.errorOutput, environment: environment, now: { Self.now })
    }
}
