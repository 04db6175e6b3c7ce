import Foundation
import LivepatchAPI
import LivepatchKit
import Testing

@testable import livepatch_admin

@Suite struct AuthTokenTests {
    @Test(arguments: [[], ["--quiet"]]) func `The secret is all of the output`(options: [String]) async throws {
        let server = AnsweringServer()
        let run = try await Invocation.run(["auth-token", "web servers", "stable"] + options, server: server)
        #expect(run.output == Samples.secret + "\n")
        #expect(run.errorOutput.isEmpty == !options.isEmpty)
        #expect(!run.errorOutput.contains(Samples.secret))
        #expect(server.asked == ["auth-token web servers stable - -"])
    }

    @Test func `Expiry and limit are told in the words of their effect`() async throws {
        let server = AnsweringServer()
        let run = try await Invocation.run(
            "auth-token", "lab", "edge", "--valid-until", "30d", "--machine-limit", "20", server: server)
        #expect(server.asked == ["auth-token lab edge 2024-07-01T12:00:00Z 20"])
        #expect(run.errorOutput.contains("attaches up to 20 machines to the tier edge until in 30 days"))
    }

    @Test func `What machines should trust comes with the options that say so`() async throws {
        let root = TrustedRoot(kind: .origin, signer: Samples.deployment, version: 1, fingerprint: Samples.fingerprint)
        let server = AnsweringServer { $0.roots = [root] }
        let run = try await Invocation.run("auth-token", "lab", "edge", server: server)
        #expect(run.output == Samples.secret + "\n")
        #expect(run.errorOutput.contains("  --trusted-root \(Samples.fingerprint)"))
        #expect(!run.errorOutput.contains("patch-sync"))
    }

    @Test func `A structured answer has the secret and the roots in it, and in a file only the secret`() async throws {
        let run = try await Invocation.run("auth-token", "lab", "edge", "--format", "json")
        let body = try DocumentCoding.decode(IssuedAuthTokenBody.self, from: Array(run.output.utf8))
        #expect(body.secret == Samples.secret)
        #expect(body.authToken.id == "lab")
        try await withTemporaryDirectory { directory in
            let path = directory + "/token"
            let run = try await Invocation.run("auth-token", "lab", "edge", "--format", "json", "--output", path)
            #expect(!run.output.contains(Samples.secret))
            #expect(try DocumentCoding.decode(AuthTokenBody.self, from: Array(run.output.utf8)).id == "lab")
            #expect(try String(contentsOfFile: path, encoding: .utf8) == Samples.secret + "\n")
            let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? NSNumber
            #expect(mode?.intValue == 0o600)
        }
    }

    @Test(arguments: ["0", "-1", "many"]) func `A limit that attaches nothing is a mistake on the command line`(limit: String)
        async
    {
        await #expect(throws: (any Error).self) {
            try await Invocation.run("auth-token", "lab", "edge", "--machine-limit", limit)
        }
    }

    @Test func `Moving and revoking tell how many machines it is about`() async throws {
        let server = AnsweringServer()
        let moved = try await Invocation.run("auth-tokens", "move", "lab", "beta", server: server)
        #expect(moved.output == "")
        #expect(moved.errorOutput.contains("'lab' now belongs to the tier beta, and 3 machines with it"))
        let structured = try await Invocation.run("auth-tokens", "move", "lab", "beta", "--format", "json", server: server)
        #expect(try DocumentCoding.decode(AuthTokenBody.self, from: Array(structured.output.utf8)).tier == Samples.tier("beta"))
        let revoked = try await Invocation.run("auth-tokens", "delete", "lab", server: server)
        #expect(revoked.errorOutput.contains("'lab' is revoked, and 3 machines with it"))
        #expect(server.asked == ["move auth lab beta", "move auth lab beta", "revoke auth lab"])
    }

    @Test func `The list shows tiers, machines and limits, and no secrets`() async throws {
        let table = try await Invocation.run("auth-tokens", "list")
        #expect(table.output.contains("MACHINES"))
        #expect(table.output.contains("lab"))
        let quiet = try await Invocation.run("auth-tokens", "list", "--quiet")
        #expect(quiet.output == "lab\n")
        let yaml = try await Invocation.run("auth-tokens", "list", "--format", "yaml")
        #expect(yaml.output.contains("machineLimit: 20"))
        #expect(!yaml.output.contains("secret"))
        #expect(!yaml.output.contains("hash"))
    }
}
