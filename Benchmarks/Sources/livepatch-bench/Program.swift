import Foundation
import LivepatchKit

/// A program on the `PATH`.
enum Program {
    static func path(_ name: String) -> String? {
        let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map(String.init)
        return (folders + ["/usr/sbin"]).map { "\($0)/\(name)" }.first { FileManager.default.isExecutableFile(atPath: $0) }
    }

    /// Runs a program to its end and returns what it printed.
    static func output(_ program: String, _ arguments: [String]) throws -> String {
        let output = Pipe()
        let process = try start(program, arguments, output: output)
        let bytes = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Runs a program to its end.
    /// - Throws: ``LivepatchError`` with the code `internal-fault` if it does not succeed.
    static func run(_ program: String, _ arguments: [String]) throws {
        let process = try start(program, arguments, output: FileHandle.nullDevice)
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw LivepatchError(
                .internalFault, "'\(program) \(arguments.joined(separator: " "))' ended with \(process.terminationStatus).")
        }
    }

    /// - Parameter output: where it prints to: a `Pipe` or a `FileHandle`.
    private static func start(_ program: String, _ arguments: [String], output: Any) throws -> Process {
        let process = Process()
        process.executableURL = URL(filePath: program)
        process.arguments = arguments
        process.standardOutput = output
        process.standardInput = FileHandle.nullDevice
        try process.run()
        return process
    }
}
