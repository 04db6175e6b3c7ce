import Foundation

/// A command that has run to its end.
public struct FinishedCommand: Sendable, CustomStringConvertible {
    /// As it would be typed.
    public let line: String
    public let ending: ChildProcess.Ending
    public let output: String
    public let errors: String

    public init(line: String, ending: ChildProcess.Ending, output: String, errors: String) {
        self.line = line
        self.ending = ending
        self.output = output
        self.errors = errors
    }

    /// The exit status; -1 if a signal ended it.
    public var status: Int32 {
        if case .exited(let status) = ending { status } else { -1 }
    }

    public var description: String { "$ \(line)\n\(output)\(errors)[\(ending)]" }

    /// The output as JSON.
    public func json() throws -> Any { try JSONSerialization.jsonObject(with: Data(output.utf8), options: .fragmentsAllowed) }
}

/// A command that failed where it should not have.
public struct CommandFailed: Error, CustomStringConvertible {
    public let description: String

    public init(description: String) { self.description = description }
}

extension Surroundings {
    /// Runs a program to its end.
    public func run(
        _ executable: BuiltExecutable, _ arguments: [String], environment: [String: String] = [:], input: String = "",
        within limit: Duration = .seconds(60)
    ) async throws -> FinishedCommand {
        let process = try start(executable, arguments, environment: environment, input: input)
        let ending = try await process.end(within: limit)
        return FinishedCommand(
            line: ([executable.rawValue] + arguments).joined(separator: " "), ending: ending, output: process.output.text,
            errors: process.errors.text)
    }

    /// Runs a program that has to succeed.
    /// - Returns: its output.
    @discardableResult public func succeed(
        _ executable: BuiltExecutable, _ arguments: [String], environment: [String: String] = [:], input: String = ""
    ) async throws -> String {
        let command = try await run(executable, arguments, environment: environment, input: input)
        guard command.status == 0 else { throw CommandFailed(description: command.description) }
        return command.output
    }
}
