import Foundation
import LivepatchKit

/// A `livepatch-server` in a process of its own, on a port that the system chose.
struct RunningServer {
    /// `http://127.0.0.1:…`
    let address: String
    private let process: Process

    init(_ program: String, dataDirectory: String) async throws {
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(filePath: program)
        process.arguments = [
            "--data-dir", dataDirectory, "--set", "server.server-address=127.0.0.1:0", "--set", "server.log-level=error",
        ]
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        process.standardInput = FileHandle.nullDevice
        try process.run()
        self.process = process
        address = try await Self.address(output.fileHandleForReading, program)
    }

    func stop() {
        process.terminate()
        process.waitUntilExit()
    }

    /// Waits for the line that says where the server is.
    private static func address(_ output: FileHandle, _ program: String) async throws -> String {
        let deadline = ContinuousClock.now + .seconds(20)
        var text = ""
        while ContinuousClock.now < deadline {
            let bytes = output.availableData
            if bytes.isEmpty { break }
            text += String(decoding: bytes, as: UTF8.self)
            if let match = text.firstMatch(of: /ready on (http:\/\/[^ \n]+)[ \n]/) { return String(match.1) }
        }
        throw LivepatchError(.serverUnreachable, "'\(program)' did not become ready: \(text)")
    }
}
