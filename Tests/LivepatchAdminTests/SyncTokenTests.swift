import Foundation
import LivepatchAPI
import LivepatchKit
import Testing

@testable import livepatch_admin

@Suite struct SyncTokenTests {
    @Test(arguments: [[], ["--quiet"]]) func `The secret is all of the output`(options: [String]) async throws {
        let server = AnsweringServer()
        let run =
            options.isEmpty
            ? try await Invocation.run("sync-tokens", "add", "edge", "my-token", server: server)
            : try await Invocation.run("sync-tokens", "add", "edge", "my-token", "--quiet", server: server)
        #expect(run.output == Samples.secret + "\n")
        #expect(run.errorOutput.isEmpty == !options.isEmpty)
        #expect(!run.errorOutput.contains(Samples.secret))
        #expect(server.asked == ["add edge my-token -"])
    }

    @Test func `A file takes the secret instead of the output, for its owner alone`() async throws {
        try await withTemporaryDirectory { directory in
            let path = directory + "/token"
            let run = try await Invocation.run("sync-tokens", "add", "edge", "my-token", "--output", path)
            #expect(run.output == "")
            #expect(try String(contentsOfFile: path, encoding: .utf8) == Samples.secret + "\n")
            let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? NSNumber
            #expect(mode?.intValue == 0o600)
        }
    }

    @Test func `Where the file cannot be made, no token is issued`() async throws {
        try await withTemporaryDirectory { directory in
            let path = directory + "/token"
            try Data("old".utf8).write(to: URL(fileURLWithPath: path))
            let server = AnsweringServer()
            let run = try await Invocation.run("sync-tokens", "add", "edge", "my-token", "--output", path, server: server)
            #expect(run.status == 73)
            #expect(run.errorOutput.contains("--force"))
            #expect(server.asked == [])
            _ = try await Invocation.run("sync-tokens", "add", "edge", "my-token", "--output", path, "--force", server: server)
            #expect(try String(contentsOfFile: path, encoding: .utf8) == Samples.secret + "\n")
        }
    }

    @Test func `Where no token is issued, no file is left`() async throws {
        try await withTemporaryDirectory { directory in
            let server = AnsweringServer { $0.failure = LivepatchError(.tierUnknown, "There is no tier 'edge'.") }
            let run = try await Invocation.run(
                "sync-tokens", "add", "edge", "t", "--output", directory + "/token", server: server)
            #expect(run.status == 66)
            #expect(try FileManager.default.contentsOfDirectory(atPath: directory) == [])
        }
    }

    @Test func `Expiry is a time or a duration from now`() async throws {
        let server = AnsweringServer()
        for text in ["30d", "2024-07-01T14:00:00+02:00"] {
            _ = try await Invocation.run("sync-tokens", "add", "edge", "t", "--valid-until", text, server: server)
        }
        #expect(server.asked == ["add edge t 2024-07-01T12:00:00Z", "add edge t 2024-07-01T12:00:00Z"])
        let late = try await Invocation.run(
            "sync-tokens", "add", "edge", "t", "--valid-until", "2023-01-01T00:00:00Z", server: server)
        #expect(late.status == 64)
        #expect(server.asked.count == 2)
    }

    @Test(arguments: ["tomorrow", "30", "0s", "-1d", "2024-13-01T00:00:00Z", ""]) func `Other words for a time are refused`(
        text: String
    ) {
        #expect { try Deadline(parsing: text) } throws: { ($0 as? LivepatchError)?.code == .malformedValue }
    }

    @Test func `Rotation takes an overlap, and delete is another word for revoke`() async throws {
        let server = AnsweringServer()
        let run = try await Invocation.run("sync-tokens", "rotate", "my-token", "--overlap", "24h", server: server)
        #expect(run.output == Samples.secret + "\n")
        _ = try await Invocation.run("sync-tokens", "delete", "my-token", server: server)
        #expect(server.asked == ["rotate my-token 1d", "revoke my-token"])
    }

    @Test func `The list shows no secrets`() async throws {
        let run = try await Invocation.run("sync-tokens", "list", "--format", "yaml")
        #expect(run.output.contains("name: my-token"))
        #expect(!run.output.contains("secret:"))
    }
}
