import Foundation
import LivepatchKit
import Testing

/// Patch files with a real module in them, which Tests/Fixtures/real-module/build.sh makes once and keeps in `.build`.
struct RealModule {
    let name: PatchFileName
    private let files: [String: String]

    /// The bytes of `good`, `not-livepatch`, `stripped` or `truncated`.
    func bytes(_ kind: String) throws -> [UInt8] { Array(try Data(contentsOf: URL(fileURLWithPath: try #require(files[kind])))) }

    /// Cancels the test, with the script's own sentence, where none can be built.
    static func get() async throws -> RealModule {
        switch try await built.value {
        case .made(let module): return module
        case .impossible(let reason): try Test.cancel("\(reason)")
        }
    }

    private enum Outcome {
        case made(RealModule)
        case impossible(String)
    }

    /// Started by the first test that asks.
    private static let built = Task {
        // Seconds of waiting, on a thread that nobody else needs.
        try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread { continuation.resume(with: Result { try build() }) }
        }
    }

    private static func build() throws -> Outcome {
        let package = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let script = Process()
        script.executableURL = package.appendingPathComponent("Tests/Fixtures/real-module/build.sh")
        script.arguments = [package.appendingPathComponent(".build/real-module").path]
        let output = Pipe()
        let complaint = Pipe()
        script.standardOutput = output
        script.standardError = complaint
        try script.run()
        let lines = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self).split(separator: "\n")
        let reason = String(decoding: complaint.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        script.waitUntilExit()
        if script.terminationStatus == 77 { return .impossible(reason.trimmingCharacters(in: .whitespacesAndNewlines)) }
        try #require(script.terminationStatus == 0, "\(reason)")
        let files = Dictionary(
            uniqueKeysWithValues: lines.map { line in
                let parts = line.split(separator: "=", maxSplits: 1).map(String.init)
                return (parts[0], parts[1])
            })
        let name = URL(fileURLWithPath: try #require(files["good"])).lastPathComponent
        return .made(RealModule(name: try PatchFileName(parsing: name), files: files))
    }
}
