import TUF
import Testing

@Suite struct `A refresh` {
    @Test func `asks for each top-level role once, in order, and keeps the bytes that came`() async throws {
        let test = try await TestRepository()
        let file = RepositoryFile.metadata(RoleName.timestamp, version: nil)
        let odd = try #require(test.storage.contents[file]) + Array(" \n".utf8)
        try await test.storage.write(odd, as: file)
        try await test.refresh()
        #expect(test.fetcher.takeRequests() == ["2.root.json", "timestamp.json", "1.snapshot.json", "1.targets.json"])
        #expect(test.cache.contents[RoleName.timestamp] == odd)
        #expect(test.cache.contents.names == ["root", "snapshot", "targets", "timestamp"])
    }

    @Test func `without consistent snapshots asks for names without versions`() async throws {
        let test = try await TestRepository(consistentSnapshot: false)
        try await test.add("a/tool", "content")
        var updater = try await test.refresh()
        #expect(test.fetcher.takeRequests() == ["2.root.json", "timestamp.json", "snapshot.json", "targets.json"])
        let target = try #require(try await updater.target("a/tool"))
        #expect(try await updater.content(of: target) == Array("content".utf8))
        #expect(test.fetcher.takeRequests() == ["a/tool"])
    }

    @Test func `that finds nothing new asks for the root and the timestamp only`() async throws {
        let test = try await TestRepository(listsHashes: true)
        try await test.refresh()
        _ = test.fetcher.takeRequests()
        try await test.refresh()
        #expect(test.fetcher.takeRequests() == ["2.root.json", "timestamp.json"])
        try await test.publish()
        try await test.refresh()
        #expect(test.fetcher.takeRequests() == ["2.root.json", "timestamp.json"])
        #expect(try test.version(RoleName.timestamp) == 2)
    }

    @Test func `keeps the timestamp that it has if another one has the same version`() async throws {
        let test = try await TestRepository()
        try await test.refresh()
        let before = test.cache.contents
        try await test.putTimestamp { $0.snapshot.version = 100 }
        _ = test.fetcher.takeRequests()
        try await test.refresh()
        #expect(test.cache.contents == before)
        #expect(test.fetcher.takeRequests().last == "timestamp.json")
    }

    @Test func `goes on from what is expired by now`() async throws {
        let test = try await TestRepository()
        try await test.refresh()
        try test.repository.renew(RoleName.targets)
        try await test.publish(days: 20)
        try await test.refresh(days: 25)
        #expect(try test.version(RoleName.timestamp) == 2)
        #expect(try test.version(RoleName.targets) == 2)
    }

    @Test func `notices a rollback by metadata that is expired by now`() async throws {
        let test = try await TestRepository()
        try await test.add("tool", "1")
        try await test.refresh()
        try await test.putTimestamp {
            $0.version -= 1
            $0.expires = TestRepository.now.adding(days: 400)
        }
        await expectRefusal(.rollback) { try await test.refresh(days: 40) }
    }

    @Test(arguments: ["timestamp", "snapshot", "targets"]) func `needs every role`(_ role: String) async throws {
        let test = try await TestRepository()
        test.storage.remove(.metadata(role, version: role == RoleName.timestamp ? nil : 1))
        await expectRefusal(.unavailable) { try await test.refresh() }
        let before = RoleName.topLevel.prefix { $0 != role }
        #expect(Set(test.cache.contents.names) == Set(before))
    }

    @Test func `takes no document of another type, though the right key signed it`() async throws {
        let test = try await TestRepository()
        var body = test.repository.snapshot.signed
        body.roles = ["snapshot": MetadataFileEntry(version: 1)]
        try await test.put(body, as: RoleName.timestamp, version: nil, signedBy: [test.key(RoleName.timestamp)])
        await expectRefusal(.malformed) { try await test.refresh() }
        #expect(test.cache.contents.names == ["root"])
    }

    @Test(arguments: [.unsigned, .versionMismatch, .expired] as [TUFError.Code])
    func `takes no targets that are not as they should be`(_ code: TUFError.Code) async throws {
        let test = try await TestRepository()
        try await test.refresh()
        let before = try #require(test.cache.contents[RoleName.targets])
        var body = try #require(test.repository.roles[RoleName.targets]?.signed)
        body.version = 2
        let stranger = try SigningKey.generateEd25519()
        if code == .versionMismatch { body.version = 3 }
        if code == .expired { body.expires = TestRepository.now }
        let signer = code == .unsigned ? stranger : try test.key(RoleName.targets)
        try await test.put(body, as: RoleName.targets, version: 2, signedBy: [signer])
        try await test.putSnapshot {
            $0.roles[RoleName.targets]?.version = 2
        }
        await expectRefusal(code) { try await test.refresh() }
        #expect(test.cache.contents[RoleName.targets] == before)
    }

    @Test func `distrusts its own cache`() async throws {
        let test = try await TestRepository()
        try await test.refresh()
        for role in [RoleName.timestamp, RoleName.snapshot, RoleName.targets] {
            for damage in ["", "{}", "not JSON", String(repeating: "[", count: 10_000)] {
                try await test.cache.write(Array(damage.utf8), for: role)
                try await test.refresh()
                #expect(try test.version(role) != nil)
            }
        }
    }

    @Test func `needs a root to start from, and a good one`() async throws {
        let test = try await TestRepository()
        var updater = Updater(cache: MemoryMetadataCache(), fetcher: test.fetcher, startTime: TestRepository.now)
        await expectRefusal(.noTrustedRoot) { try await updater.refresh() }
        let cache = MemoryMetadataCache()
        await expectRefusal(.unsigned) {
            try await Updater.trust(Metadata(test.repository.root.signed).document, in: cache)
        }
        await expectRefusal(.malformed) { try await Updater.trust(Array("{}".utf8), in: cache) }
        #expect(cache.contents.isEmpty)
        #expect(test.fetcher.takeRequests().isEmpty)
    }

    @Test func `happens once for an updater`() async throws {
        let test = try await TestRepository()
        var updater = try await test.refresh()
        await expectRefusal(.notPossible) { try await updater.refresh() }
    }

    @Test func `judges all documents by the moment at which the update began`() async throws {
        let test = try await TestRepository()
        let updater = test.updater(days: 6)
        #expect(updater.trusted == nil)
        try await test.refresh(days: 6)
        await expectRefusal(.expired) { try await test.refresh(days: 8) }
    }
}

@Suite struct `The workflow` {
    @Test func `refuses answers to questions that it did not ask`() async throws {
        var workflow = ClientWorkflow(startTime: TestRepository.now)
        await expectRefusal(.notPossible) { _ = try workflow.handle(.written) }
        var other = ClientWorkflow(startTime: TestRepository.now)
        await expectRefusal(.notPossible) { _ = try other.find("a") }
        #expect(try other.refresh() == .read(role: "root"))
        await expectRefusal(.notPossible) { _ = try other.refresh() }
        await expectRefusal(.notPossible) { _ = try other.handle(.fetched([])) }
    }

    @Test func `is over after an error, but not after a target that cannot be had`() async throws {
        let test = try await TestRepository { try $0.delegate(to: "team", paths: ["team-*"]) }
        try await test.add("tool", "content")
        test.storage.remove(.metadata("team", version: 1))
        var updater = try await test.refresh()
        await expectRefusal(.unavailable) { _ = try await updater.target("team-tool") }
        #expect(try await updater.target("tool") != nil)
        test.storage.remove(.metadata("timestamp", version: nil))
        var failing = test.updater()
        await expectRefusal(.unavailable) { try await failing.refresh() }
        await expectRefusal(.notPossible) { try await failing.refresh() }
    }
}
