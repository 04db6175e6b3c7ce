public import ArgumentParser
import LivepatchAPI
import LivepatchKit

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// How a process that is a command begins and ends.
public struct CommandEntry: Sendable {
    /// How a command ended: the exit status, and what is still to be said.
    struct Ending: Hashable, Sendable {
        var status: Int32
        var output = ""
        var errorOutput = ""
    }

    /// What a shell reports of a program whose reader has gone: 128 + SIGPIPE.
    static let readerGone: Int32 = 141

    private let console: Console

    public init(console: Console = .standard()) { self.console = console }

    /// Runs a command and ends the process with a status of sysexits(3).
    ///
    /// - Parameter arguments: those of the process if `nil`.
    public func run(_ command: (some ParsableCommand).Type, arguments: [String]? = nil) async -> Never {
        signal(SIGPIPE, SIG_IGN)
        let ending = await end(of: command, arguments: arguments)
        var status = ending.status
        do {
            if !ending.output.isEmpty { try console.output.write(ending.output) }
        } catch is OutputClosed {
            status = Self.readerGone
        } catch {
            status = ErrorLine(error).status.rawValue
        }
        if !ending.errorOutput.isEmpty { try? console.errorOutput.write(ending.errorOutput) }
        fflush(nil)
        exit(status)
    }

    /// Runs a command to its end.
    func end(of root: (some ParsableCommand).Type, arguments: [String]?) async -> Ending {
        let words = arguments ?? Array(CommandLine.arguments.dropFirst())
        if let unknown = UnknownCommand(in: words, of: root) {
            let name = Style.bad.applied(to: "\(root._commandName):", on: console.errorOutput.terminal)
            return Ending(status: ExitStatus.usage.rawValue, errorOutput: "\(name) \(unknown.message)\n")
        }
        do {
            var command = try root.parseAsRoot(words)
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
            return Ending(status: 0)
        } catch {
            return ending(error, of: root)
        }
    }

    private func ending(_ error: any Error, of root: (some ParsableCommand).Type) -> Ending {
        if error is OutputClosed { return Ending(status: Self.readerGone) }
        if let code = error as? ExitCode { return Ending(status: code.rawValue) }
        let program = root._commandName
        switch root.exitCode(for: error) {
        case .success:
            return Ending(status: 0, output: lineBroken(root.fullMessage(for: error)))
        case .validationFailure:
            // Errors in reading the command line carry the usage; only their first word is ours.
            let message = root.fullMessage(for: error)
            let prefix = "Error: "
            let rest = message.hasPrefix(prefix) ? String(message.dropFirst(prefix.count)) : message
            let name = Style.bad.applied(to: "\(program):", on: console.errorOutput.terminal)
            return Ending(status: ExitStatus.usage.rawValue, errorOutput: lineBroken("\(name) \(rest)"))
        default:
            let line = ErrorLine(error)
            return Ending(
                status: line.status.rawValue,
                errorOutput: lineBroken(line.line(program: program, on: console.errorOutput.terminal)))
        }
    }

    private func lineBroken(_ text: String) -> String { text.isEmpty || text.hasSuffix("\n") ? text : text + "\n" }
}
