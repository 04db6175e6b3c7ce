import Foundation
import Synchronization

/// A program that a test runs to its end.
struct Program {
    struct Outcome: Sendable {
        let status: Int32
        let output: String
        let complaint: String
    }

    let path: String

    /// The client with the command line of the conformance suite; it is built into the folder that these tests are built into.
    static var conformanceClient: Program {
        Program(
            path: URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent().appending(path: "tuf-conformance-client")
                .path)
    }

    /// Runs the program, with its output in files: a pipe would have to be read meanwhile.
    func run(_ arguments: [String], at time: String? = nil) async throws -> Outcome {
        let folder = try TemporaryFolder()
        let process = Process()
        process.executableURL = URL(filePath: time == nil ? path : FakeTime.path)
        process.arguments = (time.map { [$0, path] } ?? []) + arguments
        try folder.write([], to: "output")
        try folder.write([], to: "complaint")
        process.standardOutput = try FileHandle(forWritingTo: URL(filePath: folder.file("output")))
        process.standardError = try FileHandle(forWritingTo: URL(filePath: folder.file("complaint")))
        process.standardInput = FileHandle.nullDevice
        let status = try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Int32, any Error>) in
            process.terminationHandler = { continuation.resume(returning: $0.terminationStatus) }
            do { try process.run() } catch { continuation.resume(throwing: error) }
        }
        return Outcome(
            status: status, output: String(decoding: try folder.read("output") ?? [], as: UTF8.self),
            complaint: String(decoding: try folder.read("complaint") ?? [], as: UTF8.self))
    }
}

/// The program that shows another one another time.
enum FakeTime {
    static let path = "/usr/bin/faketime"
    static var isThere: Bool { FileManager.default.isExecutableFile(atPath: path) }
}
