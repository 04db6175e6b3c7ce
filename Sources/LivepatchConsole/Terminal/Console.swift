public import FoundationEssentials

/// What a command sees of the terminal that it was started from.
public struct Console: Sendable {
    /// Results, and nothing else.
    public let output: any TextOutput
    /// Everything that is said besides.
    public let errorOutput: any TextOutput
    public let environment: [String: String]
    public let now: @Sendable () -> Date

    public init(
        output: any TextOutput, errorOutput: any TextOutput, environment: [String: String],
        now: @escaping @Sendable () -> Date = { Date() }
    ) {
        self.output = output
        self.errorOutput = errorOutput
        self.environment = environment
        self.now = now
    }

    /// The process' own standard output, standard error and environment.
    public static func standard() -> Console {
        let environment = ProcessInfo.processInfo.environment
        return Console(
            output: DescriptorOutput(descriptor: 1, environment: environment),
            errorOutput: DescriptorOutput(descriptor: 2, environment: environment), environment: environment)
    }

    /// Writes numbers and times for a person, as of now.
    public var humanText: HumanText { HumanText(now: now()) }

    /// Prints lines of a result.
    public func print(_ lines: [String]) throws {
        if !lines.isEmpty { try output.write(lines.joined(separator: "\n") + "\n") }
    }

    /// Prints a line of a result.
    public func print(_ line: String) throws { try print([line]) }

    /// Says something to the person at the terminal. Nothing happens where standard error is closed: work does not stop for that.
    public func note(_ line: String) {
        try? errorOutput.write(PrintableText.line(line) + "\n")
    }

    /// Says something that the person at the terminal should not overlook.
    public func warn(_ line: String) {
        let mark = Style.warning.applied(to: "warning:", on: errorOutput.terminal)
        try? errorOutput.write("\(mark) \(PrintableText.line(line))\n")
    }
}
