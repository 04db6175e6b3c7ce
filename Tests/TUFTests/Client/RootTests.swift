import TUF
import Testing

@Suite struct `Roots` {
    /// A version of a root: the numbers of its keys, its threshold, the numbers of the keys that sign it.
    struct Version: Sendable {
        let keys: [Int]
        let threshold: Int
        let signers: [Int]

        init(_ keys: [Int], _ threshold: Int, _ signers: [Int]) {
            self.keys = keys
            self.threshold = threshold
            self.signers = signers
        }
    }

    /// How many of these roots a client takes that starts with the first one.
    private func taken(_ versions: [Version]) async throws -> (taken: Int?, all: Int) {
        let test = try await TestRepository()
        let pool = try (0..<10).map { _ in try SigningKey.generateEd25519() }
        let cache = MemoryMetadataCache()
        for (index, version) in versions.enumerated() {
            var body = test.repository.root.signed
            body.version = index + 1
            for number in version.keys { body.keys[pool[number].keyID] = pool[number].key }
            body.roles[RoleName.root] = RoleKeys(keyIDs: version.keys.map { pool[$0].keyID }, threshold: version.threshold)
            try await test.put(body, as: RoleName.root, version: index + 1, signedBy: version.signers.map { pool[$0] })
        }
        let first = try #require(try await test.storage.read(.metadata(RoleName.root, version: 1)))
        try await Updater.trust(first, in: cache)
        var updater = Updater(cache: cache, fetcher: test.fetcher, startTime: TestRepository.now)
        do { try await updater.refresh() } catch let error as TUFError { #expect(error.code == .unsigned) }
        return (try cache.contents[RoleName.root].map { try Metadata<Root>($0).signed.version }, versions.count)
    }

    @Test(arguments: [
        [Version([1], 1, [1]), Version([2], 1, [2, 1]), Version([2], 1, [2])],
        [Version([1], 1, [3, 1, 4]), Version([2], 1, [3, 2, 1, 4]), Version([2], 1, [3, 2, 4])],
        [Version([0, 1, 2, 3, 4], 3, [0, 2, 4]), Version([0, 1, 2, 3, 4], 3, [0, 4, 1])],
        [Version([0, 1, 2, 3, 4], 3, [0, 2, 4]), Version([0, 1, 3, 4, 5], 3, [0, 4, 1])],
        [
            Version([0, 1, 2, 3, 4], 3, [0, 2, 4]), Version([5, 6, 7, 8, 9], 3, [0, 2, 4, 5, 6, 7]),
            Version([5, 6, 7, 8, 9], 3, [5, 6, 7]),
        ],
        [Version([1, 2, 3], 1, [1]), Version([1, 2, 3], 2, [1, 2])],
        [Version([1, 2, 3], 2, [1, 2]), Version([1, 2, 3], 1, [1, 2]), Version([1, 2, 3], 1, [1])],
        [Version([1], 1, [1]), Version([1, 2], 2, [1, 2])],
    ])
    func `that the former root's keys and their own have signed are taken`(_ versions: [Version]) async throws {
        let result = try await taken(versions)
        #expect(result.taken == result.all)
    }

    @Test(arguments: [
        [Version([1], 1, [1]), Version([2], 1, [2, 3, 4])], [Version([1], 1, [1]), Version([2], 1, [1, 3, 4])],
        [Version([0, 1, 2, 3, 4], 3, [0, 2, 4]), Version([0, 1, 3, 4, 5], 3, [0, 2, 4])],
        [Version([0, 1, 2, 3, 4], 3, [0, 2, 4]), Version([0, 1, 3, 4, 5], 3, [0, 4, 5])],
        [Version([1, 2, 3], 1, [1]), Version([1, 2, 3], 2, [2])], [Version([1, 2, 3], 2, [1, 2]), Version([1, 2, 3], 1, [1])],
    ])
    func `that one of both has not signed are refused`(_ versions: [Version]) async throws {
        let result = try await taken(versions)
        #expect(result.taken == result.all - 1)
    }

    @Test(arguments: [1, 3, 0, -1, Int.max]) func `that are not the next one are refused`(_ version: Int) async throws {
        let test = try await TestRepository()
        try await test.putRoot { $0.version = version }
        let code: TUFError.Code = version < 1 ? .malformed : version == 1 ? .rollback : .versionMismatch
        await expectRefusal(code) { try await test.refresh() }
        #expect(try test.version(RoleName.root) == 1)
    }

    @Test func `are kept one by one, and may be expired on the way, but not at its end`() async throws {
        let test = try await TestRepository()
        try test.repository.renew(RoleName.root)
        try await test.publish(days: -400)
        await expectRefusal(.expired) { try await test.refresh() }
        #expect(try test.version(RoleName.root) == 2)
        #expect(try test.version(RoleName.timestamp) == nil)
        try test.repository.renew(RoleName.root)
        try await test.publish()
        try await test.refresh()
        #expect(try test.version(RoleName.root) == 3)
    }

    @Test func `have a bound on their number in one update`() async throws {
        let test = try await TestRepository()
        for _ in 0..<5 {
            try test.repository.renew(RoleName.root)
            try await test.publish()
        }
        var limits = ClientLimits()
        limits.rootRotations = 3
        var updater = test.updater(limits: limits)
        try await updater.refresh()
        #expect(try test.version(RoleName.root) == 4)
        updater = test.updater(limits: limits)
        try await updater.refresh()
        #expect(try test.version(RoleName.root) == 6)
    }

    @Test(arguments: [RoleName.timestamp, RoleName.snapshot])
    func `that take a freshness key away make the client forget timestamp and snapshot`(_ role: String) async throws {
        let test = try await TestRepository()
        try await test.add("tool", "1")
        try await test.add("tool", "2")
        try await test.refresh()
        try test.rotate(role)
        try await test.publish()
        // With the former ones in mind, this would be a rollback of the targets.
        let old = try #require(try await test.storage.read(.metadata(RoleName.targets, version: 1)))
        try await test.storage.write(old, as: .metadata(RoleName.targets, version: 1))
        try await test.putSnapshot { $0.roles[RoleName.targets]?.version = 1 }
        try await test.refresh()
        #expect(try test.version(RoleName.targets) == 1)
    }

    @Test func `that only add a freshness key do not`() async throws {
        let test = try await TestRepository()
        try await test.add("tool", "1")
        try await test.refresh()
        let second = try SigningKey.generateEd25519()
        try test.repository.addKey(second.key, to: RoleName.snapshot)
        try await test.publish(extra: [second])
        try await test.putSnapshot { $0.roles[RoleName.targets]?.version = 1 }
        await expectRefusal(.rollback) { try await test.refresh() }
    }
}
