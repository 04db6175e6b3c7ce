import ArgumentParser
public import LivepatchAPI
import LivepatchKit
import LivepatchLogging

/// What an error becomes where it leaves a program: a line on standard error and an exit status.
public struct ErrorLine: Hashable, Sendable {
    /// What is said, without the program's name.
    public let text: String
    public let status: ExitStatus

    /// The line of an error that did not come from reading the command line.
    public init(_ error: any Error) {
        switch error {
        case let error as LivepatchError:
            text = Self.shown(error.description)
            status = ErrorDisposition(of: error.code).exit
        case is CancellationError:
            text = "The command was cancelled."
            status = ErrorDisposition(of: .cancelled).exit
        default:
            text = Self.shown("\(error)")
            status = ErrorDisposition(of: .internalFault).exit
        }
    }

    /// On one line, and without credentials: standard error ends up in logs.
    private static func shown(_ text: String) -> String { PrintableText.line(SecretRedactor().redacted(text)) }

    /// `livepatch-admin: message suggestion`, with the name in colour where there are colours.
    public func line(program: String, on terminal: Terminal) -> String {
        Style.bad.applied(to: "\(program):", on: terminal) + " " + text
    }
}

extension ExitStatus {
    /// The error that ends a command with this status without another word, for a command that has said what is wrong already.
    public var exit: any Error { ExitCode(rawValue) }
}
