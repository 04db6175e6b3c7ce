import Foundation
import Processes
import Testing

/// What Tests/Fixtures/real-kernel/build.sh makes once and keeps in `.build`, and an agent that needs no system around it.
struct RealKernel {
    /// A file that build.sh made.
    enum File: String {
        case vmlinuz, initrd
        case first, second, third, elsewhere
        case unknownFunction = "unknown-function"
        case otherRelease = "other-release"
        case notLivepatch = "not-livepatch"
    }

    /// The agent, linked statically.
    let agent: String
    private let values: [String: String]

    /// What `uname -r` says in the machine: `6.1.0-56-cloud-amd64`.
    var release: String { get throws { try value("release") } }
    /// `6.1.0-56.192.2`
    var version: String { get throws { try value("kernel") } }

    func path(_ file: File) throws -> String { try value(file.rawValue) }

    /// Cancels the test, with the script's own sentence, where there can be none.
    static func get() async throws -> RealKernel {
        let build = package.appending(path: ".build")
        let lines = try await run(
            "Tests/Fixtures/real-kernel/build.sh", [build.appending(path: "real-kernel").path], within: .seconds(600))
        let values = lines.split(separator: "\n").compactMap { line -> (String, String)? in
            let parts = line.split(separator: "=", maxSplits: 1).map(String.init)
            return parts.count == 2 ? (parts[0], parts[1]) : nil
        }
        let folder = URL(filePath: try BuiltExecutable.agent.path).deletingLastPathComponent().path
        let agent = "\(folder)/\(BuiltExecutable.agent.rawValue)-static"
        try await run(
            "Scripts/link-statically.sh", [folder, BuiltExecutable.agent.rawValue, agent], within: .seconds(300))
        return RealKernel(agent: agent, values: Dictionary(values) { $1 })
    }

    /// Tests/Fixtures/real-kernel/boot.sh
    static var bootScript: String { package.appending(path: "Tests/Fixtures/real-kernel/boot.sh").path }

    private static let package = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    private func value(_ key: String) throws -> String { try #require(values[key], "build.sh printed no \(key)") }

    @discardableResult private static func run(
        _ script: String, _ arguments: [String], within limit: Duration
    ) async throws -> String {
        let process = try ChildProcess(
            package.appending(path: script).path, arguments, environment: ProcessInfo.processInfo.environment,
            directory: package.path)
        let ending = try await process.end(within: limit)
        if ending == .exited(77) {
            try Test.cancel("\(process.errors.text.trimmingCharacters(in: .whitespacesAndNewlines))")
        }
        try #require(ending == .exited(0), "\(script): \(ending)\n\(process.errors.text)")
        return process.output.text
    }
}
