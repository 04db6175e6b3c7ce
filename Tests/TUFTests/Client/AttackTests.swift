import Synchronization
import TUF
import Testing

/// The attacks that the specification names (section 1.5.2), one by one.
@Suite struct `Attacks` {
    @Test func `arbitrary installation: a file that nobody signed is not taken`() async throws {
        let test = try await TestRepository()
        try await test.add("tool", "honest")
        test.fetcher.spoil { file, receiver in
            guard file.area == .targets else { return nil }
            try receiver.receive(Array("malice".utf8))
            return true
        }
        var updater = test.updater()
        let target = try #require(try await updater.target("tool"))
        await expectRefusal(.hashMismatch) { _ = try await updater.content(of: target) }
    }

    @Test func `arbitrary installation: metadata that no trusted key signed is not taken`() async throws {
        let test = try await TestRepository()
        let stranger = try SigningKey.generateEd25519()
        for role in RoleName.topLevel where role != RoleName.root {
            let test = try await TestRepository()
            switch role {
            case RoleName.timestamp:
                try await test.put(test.repository.timestamp.signed, as: role, version: nil, signedBy: [stranger])
            case RoleName.snapshot:
                try await test.put(test.repository.snapshot.signed, as: role, version: 1, signedBy: [stranger])
            default:
                try await test.put(
                    Targets(expires: TestRepository.now.adding(days: 1)), as: role, version: 1, signedBy: [stranger])
            }
            await expectRefusal(.unsigned) { try await test.refresh() }
            #expect(try test.version(role) == nil)
        }
        try await test.putRoot(signedBy: [stranger]) { _ in }
        await expectRefusal(.unsigned) { try await test.refresh() }
        #expect(try test.version(RoleName.root) == 1)
    }

    @Test(arguments: [
        RepositoryFile.metadata("timestamp", version: nil), .metadata("root", version: 2), .target("tool", hash: nil),
    ])
    func `endless data: no more is read than the file may have`(_ endless: RepositoryFile) async throws {
        let test = try await TestRepository(consistentSnapshot: false)
        try await test.add("tool", "content")
        let taken = Mutex(0)
        test.fetcher.spoil { file, receiver in
            guard file == endless else { return nil }
            while true {
                try receiver.receive([UInt8](repeating: 0x20, count: 1000))
                taken.withLock { $0 += 1000 }
            }
        }
        var updater = test.updater()
        await expectRefusal(.tooLong) {
            let target = try #require(try await updater.target("tool"))
            _ = try await updater.content(of: target)
        }
        #expect(taken.withLock { $0 } <= ClientLimits().rootLength)
    }

    @Test func `endless data: a length that another document announces has a bound of its own`() async throws {
        let test = try await TestRepository()
        try await test.putTimestamp {
            $0.version += 1
            $0.snapshot.version += 1
            $0.snapshot.length = .max
        }
        await expectRefusal(.tooLong) { try await test.refresh() }
    }

    @Test func `fast-forward: after the keys were changed, lower versions are taken again`() async throws {
        let test = try await TestRepository()
        try await test.putSnapshot {
            $0.version = 99_999
            $0.roles[RoleName.targets]?.version = 1
        }
        try await test.refresh()
        #expect(try test.version(RoleName.snapshot) == 99_999)
        // Without other keys, there is no way back.
        try test.repository.continueAbove(10, of: RoleName.timestamp)
        try await test.publish()
        await expectRefusal(.rollback) { try await test.refresh() }
        try test.rotate(RoleName.snapshot)
        try test.rotate(RoleName.timestamp)
        try await test.publish()
        try await test.refresh()
        #expect(try test.version(RoleName.snapshot) == test.repository.snapshot.signed.version)
    }

    @Test func `fast-forward: a timestamp of the greatest version does not stop a recovery`() async throws {
        let test = try await TestRepository()
        try await test.putTimestamp { $0.version = .max }
        try await test.refresh()
        try test.rotate(RoleName.timestamp)
        try await test.publish()
        try await test.refresh()
        #expect(try test.version(RoleName.timestamp) == 2)
    }

    @Test func `indefinite freeze: what is expired is not taken, whichever role it is`() async throws {
        let test = try await TestRepository()
        try await test.refresh(days: 6)
        await expectRefusal(.expired) { try await test.refresh(days: 7) }
        try await test.publish(days: 25)
        await expectRefusal(.expired) { try await test.refresh(days: 30) }
        try test.repository.renew(RoleName.snapshot)
        try await test.publish(days: 89)
        await expectRefusal(.expired) { try await test.refresh(days: 90) }
        try test.repository.renew(RoleName.targets)
        try await test.publish(days: 364)
        await expectRefusal(.expired) { try await test.refresh(days: 365) }
        try test.repository.renew(RoleName.root)
        try await test.publish(days: 365)
        try await test.refresh(days: 365)
    }

    @Test func `malicious mirror: it cannot keep updates from coming by another one`() async throws {
        let test = try await TestRepository()
        try await test.refresh()
        try await test.add("tool", "new")
        test.fetcher.spoil { file, receiver in
            if file.path == "timestamp.json" { return nil }
            try receiver.receive(Array("{}".utf8))
            return true
        }
        await expectRefusal(.malformed) { try await test.refresh() }
        test.fetcher.spoil { _, _ in false }
        await expectRefusal(.unavailable) { try await test.refresh() }
        test.fetcher.spoil(nil)
        var updater = try await test.refresh()
        #expect(try await updater.target("tool") != nil)
    }

    @Test func `mix-and-match: documents that never belonged together are not taken together`() async throws {
        let test = try await TestRepository(listsHashes: true)
        let old = try #require(test.storage.contents[.metadata(RoleName.targets, version: 1)])
        try await test.add("tool", "new")
        let new = try #require(test.storage.contents[.metadata(RoleName.targets, version: 2)])
        try await test.storage.write(old, as: .metadata(RoleName.targets, version: 2))
        await expectRefusal(.lengthMismatch) { try await test.refresh() }
        // Signed and of the right version, but not the document that the snapshot means.
        var other = try Metadata<Targets>(new).signed
        other.targets["tool"]?.length -= 1
        try await test.put(other, as: RoleName.targets, version: 2, signedBy: [test.key(RoleName.targets)])
        await expectRefusal(.hashMismatch) { try await test.refresh() }
        try await test.storage.write(new, as: .metadata(RoleName.targets, version: 2))
        try await test.refresh()
    }

    @Test func `mix-and-match: without hashes, versions keep documents together`() async throws {
        let test = try await TestRepository()
        let old = try #require(test.storage.contents[.metadata(RoleName.targets, version: 1)])
        let oldSnapshot = try #require(test.storage.contents[.metadata(RoleName.snapshot, version: 1)])
        try await test.add("tool", "new")
        let new = try #require(test.storage.contents[.metadata(RoleName.snapshot, version: 2)])
        try await test.storage.write(oldSnapshot, as: .metadata(RoleName.snapshot, version: 2))
        await expectRefusal(.versionMismatch) { try await test.refresh() }
        try await test.storage.write(new, as: .metadata(RoleName.snapshot, version: 2))
        try await test.storage.write(old, as: .metadata(RoleName.targets, version: 2))
        await expectRefusal(.versionMismatch) { try await test.refresh() }
    }

    @Test func `rollback: no role goes back`() async throws {
        let test = try await TestRepository()
        try await test.add("tool", "1")
        try await test.add("tool", "2")
        try await test.refresh()
        let before = test.cache.contents
        try await test.putTimestamp { $0.version -= 1 }
        await expectRefusal(.rollback) { try await test.refresh() }
        try await test.putTimestamp {
            $0.version += 1
            $0.snapshot.version -= 1
        }
        await expectRefusal(.rollback) { try await test.refresh() }
        #expect(test.cache.contents == before)
        try await test.putSnapshot { $0.roles[RoleName.targets]?.version -= 1 }
        await expectRefusal(.rollback) { try await test.refresh() }
        #expect(test.cache.contents[RoleName.targets] == before[RoleName.targets])
        #expect(test.cache.contents[RoleName.snapshot] == before[RoleName.snapshot])
    }

    @Test func `rollback: no role vanishes from the snapshot`() async throws {
        let test = try await TestRepository { try $0.delegate(to: "team") }
        try await test.refresh()
        try await test.putSnapshot { $0.roles["team"] = nil }
        await expectRefusal(.rollback) { try await test.refresh() }
    }

    @Test func `key compromise: fewer keys than the threshold decide nothing`() async throws {
        let test = try await TestRepository()
        let others = try [SigningKey.generateEd25519(), SigningKey.generateECDSA()]
        let root = try test.key(RoleName.root)
        try test.repository.setKeys(([root] + others).map(\.key), threshold: 2, of: RoleName.root)
        try await test.publish(extra: others)
        try await test.refresh()
        let thief = try SigningKey.generateEd25519()
        try await test.putRoot(signedBy: [root, thief]) { body in
            body.keys[thief.keyID] = thief.key
            body.roles[RoleName.root] = RoleKeys(keyIDs: [thief.keyID])
        }
        await expectRefusal(.unsigned) { try await test.refresh() }
        // Two of the three can take the third one's place away, and nobody asks it.
        try test.repository.setKeys(others.map(\.key), threshold: 2, of: RoleName.root)
        try await test.repository.publish(
            to: test.storage, signing: others + test.signers.filter { $0.keyID != root.keyID }, at: TestRepository.now)
        try await test.refresh()
        #expect(try test.version(RoleName.root) == 3)
    }

    @Test func `key compromise: a key that was taken away signs in vain`() async throws {
        let test = try await TestRepository()
        let old = try test.rotate(RoleName.targets)
        try await test.publish()
        try await test.refresh()
        var body = try #require(test.repository.roles[RoleName.targets]?.signed)
        body.version += 1
        try await test.put(body, as: RoleName.targets, version: body.version, signedBy: [old])
        try await test.putSnapshot { $0.roles[RoleName.targets]?.version += 1 }
        await expectRefusal(.unsigned) { try await test.refresh() }
    }

    @Test func `slow retrieval: a server that says nothing is given up`() async throws {
        let test = try await TestRepository()
        test.fetcher.spoil { _, _ in
            // Until the one who asked has had enough.
            try await Task.sleep(for: .seconds(3600))
            return true
        }
        var limits = ClientLimits()
        limits.patience = .milliseconds(20)
        limits.slowestRate = .max
        var updater = test.updater(limits: limits)
        await expectRefusal(.tooSlow) { try await updater.refresh() }
    }

    @Test func `slow retrieval: a server that trickles is given up`() async throws {
        let test = try await TestRepository()
        test.fetcher.spoil { _, receiver in
            while true {
                try receiver.receive([0x20])
                try await Task.sleep(for: .milliseconds(5))
            }
        }
        var limits = ClientLimits()
        limits.patience = .milliseconds(40)
        limits.slowestRate = .max
        var updater = test.updater(limits: limits)
        await expectRefusal(.tooSlow) { try await updater.refresh() }
    }

    @Test func `wrong software: another target's content is not taken, though it is signed`() async throws {
        let test = try await TestRepository()
        try await test.add("tool", "tool")
        try await test.add("game", "game")
        test.fetcher.spoil { [storage = test.storage] file, receiver in
            guard file.area == .targets else { return nil }
            let other = storage.contents.first { $0.key.area == .targets && $0.key.path.hasSuffix("game") }
            try receiver.receive(other?.value ?? [])
            return true
        }
        var updater = test.updater()
        let target = try #require(try await updater.target("tool"))
        await expectRefusal(.hashMismatch) { _ = try await updater.content(of: target) }
        #expect(try await updater.target("Tool") == nil)
    }
}
