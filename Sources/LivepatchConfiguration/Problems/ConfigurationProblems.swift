public import LivepatchKit

/// Everything that is wrong with a configuration: the ``LivepatchError/cause`` of an error with the code `configuration-invalid`.
public struct ConfigurationProblems: Error, Hashable, Sendable {
    public let problems: [ConfigurationProblem]

    init(_ problems: [ConfigurationProblem]) { self.problems = problems }

    /// The error for a person: all problems, one a line.
    public var error: LivepatchError {
        let lines = problems.map(\.description)
        let message =
            lines.count == 1
            ? "The configuration has a mistake: \(lines[0])"
            : "The configuration has \(lines.count) mistakes:\n" + lines.map { "  \($0)" }.joined(separator: "\n")
        return LivepatchError(.configurationInvalid, message, cause: self)
    }
}

extension LivepatchError {
    /// The mistakes that an error with the code `configuration-invalid` reports; empty for any other error.
    public var configurationProblems: [ConfigurationProblem] { (cause as? ConfigurationProblems)?.problems ?? [] }
}
