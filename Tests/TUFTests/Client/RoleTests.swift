import Synchronization
import TUF
import Testing

@Suite struct `A role that is asked for by name` {
    @Test func `is fetched once, verified, and kept in the cache`() async throws {
        let test = try await TestRepository()
        try test.delegate(to: "team", paths: ["team-*"])
        try await test.add("team-tool", "content", to: "team")
        var updater = try await test.refresh()
        _ = test.fetcher.takeRequests()
        let role = try await updater.role("team")
        #expect(role.targets.names == ["team-tool"])
        #expect(test.fetcher.takeRequests() == ["1.team.json"])
        #expect(try await updater.role("team") == role)
        #expect(test.fetcher.takeRequests() == [])
        #expect(try test.version("team") == 1)
        var second = try await test.refresh()
        _ = test.fetcher.takeRequests()
        #expect(try await second.role("team") == role)
        #expect(test.fetcher.takeRequests() == [])
    }

    @Test func `may be delegated to by a role that was asked for before`() async throws {
        let test = try await TestRepository()
        try test.delegate(to: "team")
        try test.delegate(to: "member", from: "team")
        try await test.publish()
        var updater = try await test.refresh()
        await expectRefusal(.notPossible) { _ = try await updater.role("member", delegatedBy: "team") }
        _ = try await updater.role("team")
        let member = try await updater.role("member", delegatedBy: "team")
        #expect(updater.trusted?.targets("member", delegatedBy: "team") == member)
    }

    @Test func `is refused without the delegator's signature, and others are had all the same`() async throws {
        let test = try await TestRepository()
        for role in ["team", "other"] { try test.delegate(to: role) }
        try await test.publish()
        let stranger = try SigningKey.generateEd25519()
        try await test.put(Targets(expires: TestRepository.now.adding(days: 1)), as: "team", version: 1, signedBy: [stranger])
        var updater = try await test.refresh()
        await expectRefusal(.unsigned) { _ = try await updater.role("team") }
        #expect(try test.version("team") == nil)
        _ = try await updater.role("other")
    }

    @Test func `is refused if nobody delegates to it, and before the update was refreshed`() async throws {
        let test = try await TestRepository()
        var early = test.updater()
        await expectRefusal(.notPossible) { _ = try await early.role("team") }
        var updater = try await test.refresh()
        await expectRefusal(.unlisted) { _ = try await updater.role("team") }
        try test.delegate(to: "team")
        try await test.publish()
        try test.repository.removeDelegation(to: "team")
        try await test.publish()
        var later = try await test.refresh()
        await expectRefusal(.notPossible) { _ = try await later.role("team") }
    }

    @Test func `can be verified without being kept, as strictly`() async throws {
        let test = try await TestRepository(listsHashes: true)
        try test.delegate(to: "team")
        try await test.add("tool", "content", to: "team")
        let updater = try await test.refresh()
        let trusted = try #require(updater.trusted)
        let document = try #require(test.storage.contents[.metadata("team", version: 1)])
        #expect(try trusted.verified(document, role: "team", delegatedBy: "targets").signed.targets.names == ["tool"])
        #expect(trusted.targets("team", delegatedBy: "targets") == nil)
        #expect(try trusted.announcedTargets("team").version == 1)
        for index in [0, document.count / 2, document.count - 1] {
            var damaged = document
            damaged[index] ^= 1
            await expectRefusal(.hashMismatch) { _ = try trusted.verified(damaged, role: "team", delegatedBy: "targets") }
        }
        await expectRefusal(.lengthMismatch) { _ = try trusted.verified(document + [32], role: "team", delegatedBy: "targets") }
        await expectRefusal(.unlisted) { _ = try trusted.verified(document, role: "stranger", delegatedBy: "targets") }
        let late = try await test.refresh(days: 0).trusted
        #expect(late?.startTime == TestRepository.now)
    }
}

@Suite struct `An application's inspection` {
    /// Refuses a role's document.
    private func refusing(_ refused: String) -> TrustedMetadata.Inspection {
        { (_, role) throws(TUFError) in
            if role == refused { throw TUFError(.refused, "The application does not want “\(role)”.") }
        }
    }

    @Test(arguments: [RoleName.timestamp, RoleName.snapshot, RoleName.targets, "team"])
    func `refuses a document before it is believed or kept`(_ role: String) async throws {
        let test = try await TestRepository()
        try test.delegate(to: "team")
        try await test.publish()
        var updater = Updater(
            cache: test.cache, fetcher: test.fetcher, startTime: TestRepository.now, inspect: refusing(role))
        await expectRefusal(.refused) {
            try await updater.refresh()
            _ = try await updater.role("team")
        }
        #expect(try test.version(role) == nil)
    }

    @Test(arguments: [RoleName.timestamp, RoleName.snapshot, RoleName.targets])
    func `does not believe what an earlier update kept either`(_ role: String) async throws {
        let test = try await TestRepository()
        try await test.refresh()
        var updater = Updater(
            cache: test.cache, fetcher: test.fetcher, startTime: TestRepository.now, inspect: refusing(role))
        await expectRefusal(.refused) { try await updater.refresh() }
    }

    @Test func `comes after the signatures: what nobody signed is not shown to it`() async throws {
        let test = try await TestRepository()
        let stranger = try SigningKey.generateEd25519()
        try await test.put(test.repository.timestamp.signed, as: RoleName.timestamp, version: nil, signedBy: [stranger])
        let seen = Mutex<[String]>([])
        var updater = Updater(
            cache: test.cache, fetcher: test.fetcher, startTime: TestRepository.now,
            inspect: { (_, role) throws(TUFError) in seen.withLock { $0.append(role) } })
        await expectRefusal(.unsigned) { try await updater.refresh() }
        #expect(seen.withLock { $0 } == [])
    }
}
