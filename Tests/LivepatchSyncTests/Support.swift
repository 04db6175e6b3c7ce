import ArgumentParser
import FoundationEssentials
import LivepatchKit
import Testing

/// A directory that is gone after the body.
func withDirectory(_ body: (String) async throws -> Void) async throws {
    let path = FileManager.default.temporaryDirectory.appending(path: "livepatch-sync-\(UUID())").path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: path) }
    try await body(path)
}

/// Runs a body with an upstream and a directory, and ends both.
func withUpstream(tier: String = "edge", _ body: (WireServer, String) async throws -> Void) async throws {
    let upstream = try await WireServer(tier: tier)
    do {
        try await withDirectory { try await body(upstream, $0) }
    } catch {
        await upstream.stop()
        throw error
    }
    await upstream.stop()
}

/// The visible names in a directory.
func names(in directory: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: directory).filter { !$0.hasPrefix(".") }.sorted()
}

func bytes(of path: String) throws -> [UInt8] { Array(try #require(FileManager.default.contents(atPath: path))) }

extension AsyncParsableCommand {
    /// Runs the command with these arguments.
    /// - Returns: the exit status that it ends with itself; 0 for none.
    static func run(_ arguments: [String]) async throws -> Int32 {
        var command = try Self.parse(arguments)
        do {
            try await command.run()
            return 0
        } catch let code as ExitCode {
            return code.rawValue
        }
    }
}

/// The code of the error that a body throws.
func code(_ body: () async throws -> Void) async -> LivepatchError.Code? {
    do {
        try await body()
        return nil
    } catch {
        return (error as? LivepatchError)?.code
    }
}
