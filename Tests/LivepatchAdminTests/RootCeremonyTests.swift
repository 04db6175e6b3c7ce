import ArgumentParser
import ConsoleRecording
import FoundationEssentials
import LivepatchFiles
import LivepatchKit
import TUF
import Testing

@testable import livepatch_admin

@Suite struct RootCeremonyTests {
    /// A server whose origin has one root, signed by a key of its own.
    private func server() async throws -> AnsweringServer {
        let (root, targets, online) = (
            try SigningKey.generateEd25519(), try SigningKey.generateEd25519(), try SigningKey.generateEd25519()
        )
        var body = Root(expires: MetadataTime(secondsSince1970: Int64(RecordedConsole.now.timeIntervalSince1970) + 86_400))
        for (role, key) in [
            (RoleName.root, root), (RoleName.targets, targets), (RoleName.snapshot, online), (RoleName.timestamp, online),
        ] {
            body.keys[key.keyID] = key.key
            body.roles[role] = RoleKeys(keyIDs: [key.keyID])
        }
        var metadata = Metadata(body)
        try await metadata.sign(with: root)
        let basis = RootBasis(
            kind: .origin, signer: Samples.deployment, root: String(decoding: metadata.document, as: UTF8.self),
            targets: try TrustPublicKey(of: targets), online: try TrustPublicKey(of: online))
        return AnsweringServer { $0.rootBasis = basis }
    }

    private func offline(_ arguments: String...) async throws -> (output: String, errors: String) {
        let recorded = RecordedConsole()
        switch try LivepatchAdmin.parseAsRoot(arguments) {
        case let command as TrustGenerateKey: try await command.run(on: recorded.console)
        case let command as TrustSign: try await command.run(on: recorded.console)
        default: throw Invocation.NotACommand()
        }
        return (recorded.output.text, recorded.errorOutput.text)
    }

    @Test func `Keys are made, a root is prepared with them, signed by each, and published`() async throws {
        try await withTemporaryDirectory { directory in
            let server = try await server()
            var ids: [String] = []
            for name in ["a", "b", "c"] {
                ids.append(
                    String(try await offline("trust", "generate-key", "\(directory)/\(name).key", "--quiet").output.dropLast()))
            }
            let file = "\(directory)/next.json"
            let prepared = try await Invocation.run(
                "trust", "root-init", "origin", "--key", "\(directory)/a.key.pub", "--key", "\(directory)/b.key.pub", "--key",
                "\(directory)/c.key.pub", "--threshold", "2", file, server: server)
            #expect(prepared.status == 0 && prepared.output.contains("2 of 3"), "\(prepared)")
            let again = try await Invocation.run("trust", "root-init", "origin", file, server: server)
            #expect(again.status == 73, "\(again)")

            let looked = try await offline("trust", "sign", file, "--show")
            #expect(looked.output.contains("root 2 asks for 2 of its 3 root keys, and 0 signed"))
            let first = try await offline("trust", "sign", file, "--key", "\(directory)/a.key")
            #expect(
                first.errors.contains(
                    "Still missing: root 2 asks for 2 of its 3 root keys, and 1 signed; the others are \(ids[1].prefix(12)), \(ids[2].prefix(12))"
                ))
            #expect(first.errors.contains("Still missing: root 1 asks for 1 of its 1 root keys, and 0 signed"))
            #expect(
                try await offline("trust", "sign", file, "--key", "\(directory)/a.key").errors.contains("nothing was changed"))
            let second = try await offline("trust", "sign", file, "--key", "\(directory)/c.key", "--format", "json")
            #expect(second.output.contains("\"threshold\""))
            #expect(!second.errors.contains("root 2 asks"))

            let published = try await Invocation.run("trust", "publish", file, "--quiet", server: server)
            #expect(published.status == 0)
            let sent = try #require(server.asked.last)
            #expect(sent.hasPrefix("publish origin {") && !sent.contains("ceremony"))
            let document = Array(sent.dropFirst("publish origin ".count).utf8)
            #expect(published.output == "\(SHA256Digest(of: document))\n")
            #expect(Set(try Metadata<Root>(document).signatures.map(\.keyID)) == [ids[0], ids[2]])
        }
    }

    @Test func `A stranger's key does not sign, and leaves the file as it is`() async throws {
        try await withTemporaryDirectory { directory in
            let file = "\(directory)/next.json"
            _ = try await Invocation.run("trust", "root-init", "origin", file, server: try await server())
            let before = try RootProposalFile(at: file).read().bytes
            _ = try await offline("trust", "generate-key", "\(directory)/stranger.key")
            await #expect(throws: LivepatchError.self) {
                _ = try await offline("trust", "sign", file, "--key", "\(directory)/stranger.key")
            }
            #expect(try RootProposalFile(at: file).read().bytes == before)
        }
    }

    @Test(arguments: [
        ["trust", "root-init", "origin", "--key", "a.pub", "f"], ["trust", "root-init", "moon", "f"],
        ["trust", "root-init", "origin", "--threshold", "0", "f"], ["trust", "root-init", "origin", "--valid-for", "1h", "f"],
        ["trust", "sign", "f"], ["trust", "sign", "f", "--show", "--key", "k"], ["trust", "publish"],
    ])
    func `What does not go together is a mistake on the command line`(arguments: [String]) {
        #expect(throws: (any Error).self) { _ = try LivepatchAdmin.parseAsRoot(arguments) }
    }

    @Test func `What is not there is named`() async throws {
        for (arguments, words) in [
            (["trust", "publish", "/nowhere/next.json"], "/nowhere/next.json"),
            (
                ["trust", "root-init", "origin", "--key", "/nowhere/a.pub", "--threshold", "1", "/nowhere/next.json"],
                "/nowhere/a.pub"
            ),
        ] {
            let run = try await Invocation.run(arguments)
            #expect(run.status == 66 && run.errorOutput.contains(words), "\(run)")
        }
    }
}
