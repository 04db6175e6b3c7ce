import TUF
import Testing

@Suite struct `The search for a target` {
    /// A delegation: from, to, patterns, terminating.
    struct Edge: Sendable {
        let from: String
        let to: String
        let paths: [String]
        let terminating: Bool

        init(_ from: String, _ to: String, _ paths: [String] = ["*"], terminating: Bool = false) {
            self.from = from
            self.to = to
            self.paths = paths
            self.terminating = terminating
        }
    }

    private func repository(_ edges: [Edge]) async throws -> TestRepository {
        try await TestRepository { test in
            for edge in edges {
                try test.delegate(to: edge.to, from: edge.from, paths: edge.paths, terminating: edge.terminating)
            }
        }
    }

    @Test(arguments: [
        ([Edge("targets", "A")], "A"), ([Edge("targets", "A"), Edge("targets", "B")], "AB"),
        ([Edge("targets", "A"), Edge("targets", "B"), Edge("B", "C")], "ABC"),
        ([Edge("targets", "A"), Edge("targets", "B"), Edge("A", "C"), Edge("A", "D")], "ACDB"),
        ([Edge("targets", "A"), Edge("targets", "B"), Edge("A", "C"), Edge("C", "D")], "ACDB"),
        ([Edge("targets", "A"), Edge("targets", "B"), Edge("A", "C", terminating: true), Edge("A", "D")], "AC"),
        ([Edge("targets", "A"), Edge("targets", "B"), Edge("A", "C", terminating: true), Edge("C", "D")], "ACD"),
        ([Edge("targets", "A"), Edge("targets", "B"), Edge("A", "C", ["x*"], terminating: true)], "AB"),
        ([Edge("targets", "A", ["*.py"]), Edge("targets", "B"), Edge("A", "C")], "B"),
        ([Edge("targets", "A"), Edge("targets", "B"), Edge("A", "C", ["*.py"]), Edge("C", "D")], "AB"),
        ([Edge("targets", "A"), Edge("targets", "B"), Edge("B", "C"), Edge("C", "D"), Edge("D", "B")], "ABCD"),
        ([Edge("targets", "A"), Edge("targets", "B"), Edge("B", "C"), Edge("A", "C")], "ACB"),
        ([Edge("targets", "A"), Edge("targets", "B"), Edge("B", "C"), Edge("A", "C", ["*.py"])], "ABC"),
        ([Edge("targets", "A"), Edge("A", "A")], "A"),
    ])
    func `asks roles in their order, depth first, each once`(_ edges: [Edge], _ order: String) async throws {
        let test = try await repository(edges)
        var updater = try await test.refresh()
        _ = test.fetcher.takeRequests()
        #expect(try await updater.target("nothing") == nil)
        #expect(test.fetcher.takeRequests() == order.map { "1.\($0).json" })
        #expect(try await updater.target("nothing") == nil)
        #expect(test.fetcher.takeRequests().isEmpty)
    }

    @Test(arguments: [
        ("targetfile", "", true), ("README.md", "A", true), ("releases/x/x_v1", "BC", true), ("releases/y/y_v1.zip", "BD", true),
        ("releases/z/z_v1.zip", "B", false), ("README.txt", "", false),
    ])
    func `believes a role only in what all roles on the way to it may speak for`(
        _ path: String, _ asked: String, _ isFound: Bool
    ) async throws {
        let test = try await repository([
            Edge("targets", "A", ["*.doc", "*.md"]), Edge("targets", "B", ["releases/*/*"]), Edge("B", "C", ["releases/x/*"]),
            Edge("B", "D", ["releases/y/*.zip"]),
        ])
        for (role, path) in [
            ("targets", "targetfile"), ("A", "README.md"), ("A", "README.txt"), ("C", "releases/x/x_v1"),
            ("D", "releases/y/y_v1.zip"),
            ("D", "releases/z/z_v1.zip"),
        ] { try test.repository.addTarget(path, TargetDescription(of: Array(path.utf8)), to: role) }
        test.repository.lifetimes.targets = 91
        try await test.publish()
        var updater = try await test.refresh()
        _ = test.fetcher.takeRequests()
        let target = try await updater.target(path)
        #expect((target != nil) == isFound)
        #expect(test.fetcher.takeRequests().map { $0.split(separator: ".")[1] }.joined() == asked)
    }

    @Test func `believes the first role that knows the target`() async throws {
        let test = try await repository([Edge("targets", "A"), Edge("targets", "B")])
        try await test.add("tool", "of A", to: "A")
        try await test.add("tool", "of B", to: "B")
        var updater = test.updater()
        #expect(try await updater.target("tool")?.role == "A")
        try await test.add("tool", "of all", to: "targets")
        updater = test.updater()
        #expect(try await updater.target("tool")?.role == "targets")
    }

    @Test func `verifies a role again for each role that delegates to it`() async throws {
        // A and B both delegate to C; C is signed with the key that A wants, and not with the one that B wants.
        let test = try await repository([Edge("targets", "A", ["a*"]), Edge("targets", "B", ["b*"]), Edge("A", "C", ["a*"])])
        let other = try SigningKey.generateEd25519()
        try test.repository.delegate(to: "C", keys: [other.key], scope: .paths(["b*"]), from: "B")
        try test.repository.addTarget("a1", TargetDescription(of: [1]), to: "C")
        try test.repository.addTarget("b1", TargetDescription(of: [2]), to: "C")
        try await test.publish(extra: [other])
        let both = try #require(test.repository.roles["C"])
        let file = RepositoryFile.metadata("C", version: both.signed.version)
        let signedForA = try await {
            var metadata = Metadata(both.signed)
            try await metadata.sign(with: test.key("C"))
            return metadata.document
        }()
        try await test.storage.write(signedForA, as: file)

        var updater = try await test.refresh()
        #expect(try await updater.target("a1")?.role == "C")
        await expectRefusal(.unsigned) { _ = try await updater.target("b1") }
        // From the cache, in the next update, just as little.
        updater = try await test.refresh()
        await expectRefusal(.unsigned) { _ = try await updater.target("b1") }
        #expect(try await updater.target("a1")?.role == "C")
        // Signed for both, it serves both.
        try await test.storage.write(both.document, as: file)
        updater = try await test.refresh()
        #expect(try await updater.target("b1")?.role == "C")
        _ = test.fetcher.takeRequests()
        #expect(try await updater.target("a1")?.role == "C")
        #expect(test.fetcher.takeRequests().isEmpty)
    }

    @Test func `does not go on with a cached role whose delegator asks for other keys by now`() async throws {
        let test = try await repository([Edge("targets", "A")])
        try await test.add("tool", "content", to: "A")
        var updater = test.updater()
        #expect(try await updater.target("tool") != nil)
        // The role's document stays as it is; who signs for it changes.
        let other = try SigningKey.generateEd25519()
        var body = try #require(test.repository.roles["targets"]?.signed)
        body.version += 1
        body.delegations = Delegations(
            keys: [other.keyID: other.key],
            roles: .listed([DelegatedRole(name: "A", keys: RoleKeys(keyIDs: [other.keyID]), scope: .paths(["*"]))]))
        try await test.put(body, as: "targets", version: body.version, signedBy: [test.key("targets")])
        try await test.putSnapshot { $0.roles["targets"]?.version = body.version }
        updater = test.updater()
        await expectRefusal(.unsigned) { _ = try await updater.target("tool") }
    }

    @Test func `ends with an error at a role that the snapshot does not list`() async throws {
        let test = try await repository([Edge("targets", "A")])
        try await test.putSnapshot { $0.roles["A"] = nil }
        var updater = test.updater()
        await expectRefusal(.unlisted) { _ = try await updater.target("tool") }
    }

    @Test func `has no use for an expired role`() async throws {
        let test = try await repository([Edge("targets", "A")])
        try await test.add("tool", "content", to: "A")
        var updater = test.updater()
        #expect(try await updater.target("tool") != nil)
        try test.repository.renew("snapshot")
        try test.repository.renew("targets")
        try await test.publish(days: 89)
        updater = test.updater(days: 91)
        await expectRefusal(.expired) { _ = try await updater.target("tool") }
        try test.repository.renew("A")
        try await test.publish(days: 90)
        updater = test.updater(days: 91)
        #expect(try await updater.target("tool") != nil)
    }

    @Test func `passes through a bounded number of roles`() async throws {
        let test = try await repository((0..<6).map { Edge($0 == 0 ? "targets" : "r\($0 - 1)", "r\($0)") })
        var limits = ClientLimits()
        limits.visitedRoles = 7
        var updater = test.updater(limits: limits)
        #expect(try await updater.target("tool") == nil)
        limits.visitedRoles = 6
        updater = test.updater(limits: limits)
        await expectRefusal(.tooManyRoles) { _ = try await updater.target("tool") }
    }

    @Test(arguments: ["?", "#", "/delegatedrole", "../delegatedrole", "é", "a b", "%2F", "..", ".", "1.root"])
    func `asks for roles of any name in a URL and keeps them in one directory`(_ role: String) async throws {
        let test = try await repository([Edge("targets", role)])
        try await test.add("tool", "content", to: role)
        let folder = try TemporaryFolder()
        let cache = DirectoryMetadataCache(folder.path)
        try await Updater.trust(try #require(test.cache.contents["root"]), in: cache)
        var updater = Updater(cache: cache, fetcher: test.fetcher, startTime: TestRepository.now)
        #expect(try await updater.target("tool")?.role == role)
        let request = try #require(test.fetcher.takeRequests().last)
        #expect(request.hasPrefix("2.") && request.hasSuffix(".json"))
        #expect(request.utf8.allSatisfy { !" /?#".utf8.contains($0) && $0 < 0x80 })
        #expect(try folder.names().count == 5)
        updater = Updater(cache: cache, fetcher: test.fetcher, startTime: TestRepository.now)
        #expect(try await updater.target("tool")?.role == role)
        #expect(test.fetcher.takeRequests() == ["2.root.json", "timestamp.json"])
    }

    @Test(arguments: [1, 3, 8]) func `asks the one succinct role that the path's hash says`(_ bits: Int) async throws {
        let test = try await TestRepository { test in
            try test.repository.delegateSuccinctly(bitLength: bits, namePrefix: "bin", keys: [test.key("targets").key])
        }
        guard case .succinct(let succinct)? = test.repository.roles["targets"]?.signed.delegations?.roles else {
            Issue.record("no succinct roles")
            return
        }
        let role = succinct.role(for: "tool")
        try test.repository.addTarget("tool", TargetDescription(of: [1]), to: role)
        try await test.publish()
        var updater = try await test.refresh()
        _ = test.fetcher.takeRequests()
        #expect(try await updater.target("tool")?.role == role)
        #expect(test.fetcher.takeRequests() == ["2.\(role).json"])
    }

    @Test func `goes by the hash of the path where prefixes say so`() async throws {
        let test = try await TestRepository { test in
            try test.delegate(to: "low", prefixes: (0..<8).map { String($0, radix: 16) })
            try test.delegate(to: "high", prefixes: (8..<16).map { String($0, radix: 16) })
        }
        // The SHA-256 of "bar" begins with fc.
        var updater = try await test.refresh()
        _ = test.fetcher.takeRequests()
        #expect(try await updater.target("bar") == nil)
        #expect(test.fetcher.takeRequests() == ["1.high.json"])
    }
}
