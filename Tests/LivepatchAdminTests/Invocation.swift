import ArgumentParser
import ConsoleRecording
import Foundation
import LivepatchAPI
import LivepatchConsole
import LivepatchKit

@testable import livepatch_admin

/// A command line, run against a scripted server.
struct Invocation {
    let output: String
    let errorOutput: String
    /// The exit status.
    let status: Int32

    static func run(
        _ arguments: String..., server: AnsweringServer = AnsweringServer(), sessions: SessionStore? = nil,
        address: String = "http://localhost:8080"
    ) async throws -> Invocation {
        try await run(arguments, server: server, sessions: sessions, address: address)
    }

    static func run(
        _ arguments: [String], server: AnsweringServer = AnsweringServer(), sessions: SessionStore? = nil,
        address: String = "http://localhost:8080"
    ) async throws -> Invocation {
        let recorded = RecordedConsole()
        var status: Int32 = 0
        let sessions = sessions ?? SessionStore(directory: NSTemporaryDirectory() + "sessions-\(UUID().uuidString)")
        do {
            let parsed = try LivepatchAdmin.parseAsRoot(arguments)
            guard let command = parsed as? any AdminCommand else { throw NotACommand() }
            try await command.run(
                AdminContext(server: server, address: address, console: recorded.console, sessions: sessions))
        } catch let code as ExitCode {
            status = code.rawValue
        } catch let error as LivepatchError {
            let line = ErrorLine(error)
            recorded.console.note(line.text)
            status = line.status.rawValue
        }
        return Invocation(output: recorded.output.text, errorOutput: recorded.errorOutput.text, status: status)
    }

    struct NotACommand: Error {}
}

/// A directory that is gone afterwards.
func withTemporaryDirectory(_ body: (String) async throws -> Void) async throws {
    let path = NSTemporaryDirectory() + "livepatch-admin-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: path) }
    try await body(path)
}
