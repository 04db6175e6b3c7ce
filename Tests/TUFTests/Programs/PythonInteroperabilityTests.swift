import Foundation
import TUF
import Testing

/// Repositories of one implementation, read by the other. `make tuf-python` fetches the Python one.
@Suite(.enabled(if: PythonTUF.isThere, "the Python package tuf is not there: make tuf-python"))
struct `With the Python implementation` {
    @Test func `our client reads its repositories`() async throws {
        let folder = try TemporaryFolder()
        let made = try await PythonTUF.run("make_repository.py", [folder.file("r")])
        #expect(made.status == 0, "\(made.complaint)")
        let served = try await ServedRepository(DirectoryRepositoryStorage(folder.file("r")))
        let client = Program.conformanceClient
        let metadata = ["--metadata-dir", folder.file("m")]
        #expect(try await client.run(metadata + ["init", folder.file("r/metadata/1.root.json")]).status == 0)
        let names = ["top", "team/tool", "odd-b", "hashed"]
        let outcome = try await client.run(
            metadata + ["--metadata-url", served.metadata] + names.flatMap { ["--target-name", $0] }
                + ["--target-base-url", served.targets, "--target-dir", folder.file("t"), "download"])
        #expect(outcome.status == 0, "\(outcome.complaint)")
        #expect(try folder.read("t/hashed") == Array("of a bin".utf8))
        #expect(try folder.names("t").count == 4)
        // It keeps what it does not know: the same document, whoever writes it.
        let root = try #require(try folder.read("r/metadata/2.root.json"))
        #expect(try JSONDocument.parse(Metadata<Root>(root).document) == JSONDocument.parse(root))
        let targets = try Metadata<Targets>(try #require(try folder.read("r/metadata/1.team.json")))
        #expect(try Metadata(targets.signed).signedBytes() == targets.signedBytes())
    }

    @Test func `its client reads our repositories`() async throws {
        let folder = try TemporaryFolder()
        let storage = DirectoryRepositoryStorage(folder.path)
        let keys = try [SigningKey.generateEd25519(), .generateECDSA(), .generateRSA(bits: 2048)]
        var repository = Repository()
        for role in RoleName.topLevel { try repository.setKeys(keys.map(\.key), threshold: 3, of: role) }
        try repository.delegate(to: "team", keys: [keys[0].key, keys[1].key], threshold: 2, scope: .paths(["team/*", "*.txt"]))
        try repository.delegate(to: "a b?", keys: [keys[2].key], scope: .paths(["odd-[a-c]"]), terminating: true)
        try repository.delegate(to: "rest", keys: [keys[0].key], scope: .pathHashPrefixes((0..<16).map { String($0, radix: 16) }))
        try repository.delegateSuccinctly(bitLength: 2, namePrefix: "bin", keys: [keys[1].key], from: "rest")
        guard case .succinct(let bins)? = repository.roles["rest"]?.signed.delegations?.roles else {
            Issue.record("no succinct roles")
            return
        }
        let files = [
            ("top", "targets"), ("team/tool", "team"), ("é.txt", "team"), ("odd-b", "a b?"), ("hashed", bins.role(for: "hashed")),
        ]
        for (path, role) in files {
            try repository.addTarget(
                path, TargetDescription(of: Array("\(path) of \(role)".utf8), custom: ["é": ["\n\"\\", .null]]), to: role)
            try await repository.store(Array("\(path) of \(role)".utf8), as: path, of: role, in: storage)
        }
        try await repository.publish(to: storage, signing: keys)
        try folder.write(repository.root.document, to: "first")
        // A second root, which the client has to follow.
        try repository.removeKey(keys[2].keyID, from: RoleName.root, threshold: 2)
        try await repository.publish(to: storage, signing: keys)

        let served = try await ServedRepository(storage)
        let fetched = try await PythonTUF.run(
            "fetch_targets.py", [folder.file("first"), served.metadata, served.targets, folder.file("w")] + files.map(\.0))
        #expect(fetched.status == 0, "\(fetched.complaint)")
        #expect(fetched.output == files.map { "\($0.0) of \($0.1)\n" }.joined())
        #expect(served.requests.contains("/metadata/2.root.json"))
    }
}

/// The Python implementation, in the folder that `make tuf-python` makes.
enum PythonTUF {
    private static let root = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    private static let interpreter = root.appending(path: ".build-tuf-python/bin/python").path

    static var isThere: Bool { FileManager.default.isExecutableFile(atPath: interpreter) }

    static func run(_ script: String, _ arguments: [String]) async throws -> Program.Outcome {
        try await Program(path: interpreter).run([root.appending(path: "Tests/Support/tuf-python/\(script)").path] + arguments)
    }
}
