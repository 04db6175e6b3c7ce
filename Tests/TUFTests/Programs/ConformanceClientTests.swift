import TUF
import Testing

@Suite struct `The conformance client` {
    /// A repository that is good now, served, and the folders of a client of it.
    private struct Bench {
        let repository: Repository
        let storage = MemoryRepositoryStorage()
        let served: ServedRepository
        let folder: TemporaryFolder

        init(_ prepare: (inout Repository, SigningKey) throws -> Void = { _, _ in }, files: [String: String] = [:]) async throws {
            let key = try SigningKey.generateEd25519()
            var repository = Repository(lifetimes: Lifetimes(root: 40, targets: 30, snapshot: 20, timestamp: 10))
            for role in RoleName.topLevel { try repository.setKeys([key.key], of: role) }
            for (path, content) in files { try repository.addTarget(path, TargetDescription(of: Array(content.utf8))) }
            try prepare(&repository, key)
            try await repository.publish(to: storage, signing: [key])
            for (path, content) in files { try await repository.store(Array(content.utf8), as: path, in: storage) }
            self.repository = repository
            served = try await ServedRepository(storage)
            folder = try TemporaryFolder()
            try folder.write(repository.root.document, to: "root")
        }

        func initialise() async throws -> Program.Outcome {
            try await Program.conformanceClient.run(["--metadata-dir", folder.file("m"), "init", folder.file("root")])
        }

        func refresh(at time: String? = nil) async throws -> Program.Outcome {
            try await Program.conformanceClient.run(
                ["--metadata-dir", folder.file("m"), "--metadata-url", served.metadata, "refresh"], at: time)
        }

        func download(_ names: String...) async throws -> Program.Outcome {
            try await Program.conformanceClient.run(
                ["--metadata-dir", folder.file("m"), "--metadata-url", served.metadata] + names.flatMap { ["--target-name", $0] }
                    + ["--target-base-url", served.targets, "--target-dir", folder.file("t"), "download"])
        }
    }

    @Test func `initialises without a request, and refreshes into files without versions`() async throws {
        let bench = try await Bench()
        #expect(try await bench.initialise().status == 0)
        #expect(bench.served.requests.isEmpty)
        #expect(try bench.folder.names("m") == ["root.json"])
        let outcome = try await bench.refresh()
        #expect(outcome.status == 0, "\(outcome.complaint)")
        #expect(try bench.folder.names("m") == ["root.json", "snapshot.json", "targets.json", "timestamp.json"])
        #expect(
            bench.served.requests
                == ["/metadata/2.root.json", "/metadata/timestamp.json", "/metadata/1.snapshot.json", "/metadata/1.targets.json"])
        #expect(try bench.folder.read("m/snapshot.json") == bench.repository.snapshot.document)
    }

    @Test func `takes no root that is none, and asks nobody then`() async throws {
        let bench = try await Bench()
        try bench.folder.write(Metadata(bench.repository.root.signed).document, to: "root")
        let outcome = try await bench.initialise()
        #expect(outcome.status == 1)
        #expect(outcome.complaint.hasPrefix("tuf-conformance-client: unsigned: "))
        #expect(try await bench.refresh().status == 1)
        #expect(bench.served.requests.isEmpty)
    }

    @Test func `downloads targets in order, and stops at the first that it cannot`() async throws {
        let bench = try await Bench(files: ["a": "1", "b/c": "2", "d": "3"])
        _ = try await bench.initialise()
        #expect(try await bench.download("b/c", "a").status == 0)
        #expect(try bench.folder.names("t") == ["a", "b%2Fc"])
        #expect(try bench.folder.read("t/b%2Fc") == Array("2".utf8))
        let outcome = try await bench.download("a", "nothing", "d")
        #expect(outcome.status == 1)
        #expect(outcome.complaint.contains("nothing"))
        #expect(try bench.folder.names("t") == ["a", "b%2Fc"])
    }

    @Test func `fetches a target that is there already only if it is another one`() async throws {
        let bench = try await Bench(files: ["a": "1"])
        _ = try await bench.initialise()
        for _ in 0..<2 { #expect(try await bench.download("a").status == 0) }
        #expect(bench.served.requests.filter { $0.hasPrefix("/targets/") }.count == 1)
        try bench.folder.write(Array("2".utf8), to: "t/a")
        #expect(try await bench.download("a").status == 0)
        #expect(try bench.folder.read("t/a") == Array("1".utf8))
    }

    @Test func `leaves what it has if the server sends something else`() async throws {
        let bench = try await Bench(files: ["a": "1", "b": "2"])
        _ = try await bench.initialise()
        #expect(try await bench.download("a").status == 0)
        for file in bench.storage.contents.keys where file.area == .targets { try await bench.storage.write([0], as: file) }
        #expect(try await bench.download("b").status == 1)
        #expect(try bench.folder.names("t") == ["a"])
        #expect(try bench.folder.read("t/a") == Array("1".utf8))
    }

    @Test(arguments: ["?", "#", "/delegatedrole", "../delegatedrole"])
    func `asks for roles of any name`(_ role: String) async throws {
        let bench = try await Bench({ repository, key in
            try repository.delegate(to: role, keys: [key.key], scope: .paths(["*"]))
        })
        _ = try await bench.initialise()
        #expect(try await bench.download("nothing").status == 1)
        #expect(try bench.folder.names("m").count == 5)
        let name = try #require(bench.served.requests.last)
        #expect(name == "/metadata/" + RepositoryFile.metadata(role, version: 1).path)
    }

    @Test(.enabled(if: FakeTime.isThere, "faketime is not installed"))
    func `goes by the system's clock, as faketime shifts it`() async throws {
        let bench = try await Bench()
        _ = try await bench.initialise()
        let later = { (days: Int) in
            MetadataTime.now().adding(days: days).description.replacing("T", with: " ").replacing("Z", with: "")
        }
        #expect(try await bench.refresh(at: later(8)).status == 0)
        let outcome = try await bench.refresh(at: later(12))
        #expect(outcome.status == 1)
        #expect(outcome.complaint.contains("expired"))
    }

    @Test(arguments: [
        [], ["refresh"], ["--metadata-dir", "m", "refresh"], ["--metadata-dir", "m", "init"], ["--other", "x", "refresh"],
        ["--metadata-dir"],
        ["--metadata-dir", "m", "--metadata-url", "u", "download"], ["update"],
    ])
    func `refuses a command line that is not one of its own`(_ arguments: [String]) async throws {
        let outcome = try await Program.conformanceClient.run(arguments)
        #expect(outcome.status == 1)
        #expect(outcome.complaint.hasPrefix("tuf-conformance-client: not-possible: "))
    }
}
