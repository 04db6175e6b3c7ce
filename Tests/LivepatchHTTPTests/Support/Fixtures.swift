import FoundationEssentials
import LivepatchHTTP
import LivepatchKit
import ScriptedServer
import Testing

let token = "7c6f1f0c-5d0e-4b7a-9d7b-0a4f0b6f2f11"

/// A patch file with content that nothing compresses away by accident.
func patchFile(_ content: [UInt8], version: String = "107.1") throws -> PatchFile {
    PatchFile(
        name: try PatchFileName(parsing: "livepatch-5.15.0-107.117-generic-\(version)-amd64.tar.bz2"),
        length: Int64(content.count),
        digest: SHA256Digest(of: content), released: Date(timeIntervalSince1970: 1_700_000_000))
}

func content(_ count: Int) -> [UInt8] {
    var state: UInt64 = 0x9E37_79B9_7F4A_7C15
    return (0..<count).map { _ in
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return UInt8(truncatingIfNeeded: state >> 56)
    }
}

extension ConnectionOptions {
    /// Short times, so that a test of them is short too.
    static let impatient = ConnectionOptions(
        timeouts: ConnectionTimeouts(connect: .seconds(5), idle: .seconds(2), total: .seconds(60)))
}

extension HTTPUpstream {
    static func to(_ url: String, options: ConnectionOptions = ConnectionOptions()) throws -> HTTPUpstream {
        try HTTPUpstream(
            ServerAddress(parsing: url), token: token, deployment: DeploymentID(parsing: "site-1"), options: options)
    }
}

extension ContentStream {
    func collect() async throws -> [UInt8] {
        var bytes: [UInt8] = []
        for try await chunk in chunks { bytes += chunk }
        return bytes
    }
}

/// Runs a body against a server and an upstream for it, and ends both.
func withUpstream(
    options: ConnectionOptions = ConnectionOptions(), script: @escaping ScriptedServer.Script,
    _ body: (HTTPUpstream, ScriptedServer) async throws -> Void
) async throws {
    let server = try await ScriptedServer.start(script)
    let upstream = try HTTPUpstream.to(server.url, options: options)
    do {
        try await body(upstream, server)
    } catch {
        await upstream.close()
        await server.stop()
        throw error
    }
    await upstream.close()
    await server.stop()
}

/// The error that a body throws, which has to be of that code.
@discardableResult
func expectError(
    _ code: LivepatchError.Code, sourceLocation: SourceLocation = #_sourceLocation, _ body: () async throws -> Void
) async -> LivepatchError? {
    do {
        try await body()
        Issue.record("No error was thrown; \(code) was expected.", sourceLocation: sourceLocation)
    } catch let error as LivepatchError {
        #expect(error.code == code, "\(error)", sourceLocation: sourceLocation)
        return error
    } catch {
        Issue.record("\(error) was thrown; \(code) was expected.", sourceLocation: sourceLocation)
    }
    return nil
}

/// Waits until a condition holds.
func eventually(
    within limit: Duration = .seconds(60), sourceLocation: SourceLocation = #_sourceLocation, _ condition: () -> Bool
) async throws {
    let deadline = ContinuousClock.now + limit
    while !condition() {
        if ContinuousClock.now > deadline {
            Issue.record("The condition did not come true within \(limit).", sourceLocation: sourceLocation)
            return
        }
        try await Task.sleep(for: .milliseconds(5))
    }
}
