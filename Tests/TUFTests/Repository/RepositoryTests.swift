import TUF
import Testing

@Suite struct `A repository` {
    @Test func `goes on after it was opened again`() async throws {
        let test = try await TestRepository(listsHashes: true) { try $0.delegate(to: "team", paths: ["t*"]) }
        try await test.add("tool", "1", to: "team")
        let keys = test.signers
        var opened = try await Repository(opening: test.storage)
        #expect(!opened.hasChanges)
        #expect(opened.roles["team"]?.signed.targets["tool"] != nil)
        try opened.addTarget("tool2", TargetDescription(of: [2]), to: "team")
        try await opened.publish(to: test.storage, signing: keys, at: TestRepository.now)
        #expect(opened.roles["team"]?.signed.version == 3)
        #expect(opened.root.signed.version == 1)
        var updater = try await test.refresh()
        #expect(try await updater.target("tool2") != nil)
    }

    @Test func `is not opened if somebody changed it`() async throws {
        let test = try await TestRepository()
        let stranger = try SigningKey.generateEd25519()
        try await test.put(Targets(expires: TestRepository.now), as: "targets", version: 1, signedBy: [stranger])
        await expectRefusal(.unsigned) { _ = try await Repository(opening: test.storage) }
        test.storage.remove(.metadata("targets", version: 1))
        await expectRefusal(.unavailable) { _ = try await Repository(opening: test.storage) }
    }

    @Test func `stores nothing unless every role has its signatures`() async throws {
        let test = try await TestRepository()
        let before = test.storage.contents
        try test.repository.addTarget("tool", TargetDescription(of: [1]))
        for role in ["targets", "snapshot", "timestamp"] {
            let signers = try RoleName.topLevel.filter { $0 != role }.map { try test.key($0) }
            await expectRefusal(.unsigned) {
                try await test.repository.publish(to: test.storage, signing: signers, at: TestRepository.now)
            }
            #expect(test.storage.contents == before)
        }
        try await test.publish()
        #expect(test.repository.timestamp.signed.version == 2)
        try test.rotate("root")
        await expectRefusal(.unsigned) { try await test.publish() }
    }

    @Test func `never uses a version twice, though storing failed half-way`() async throws {
        let test = try await TestRepository()
        let storage = FailingStorage(test.storage, failingAt: "timestamp.json")
        try test.repository.addTarget("tool", TargetDescription(of: [1]))
        let keys = test.signers
        await #expect(throws: FailingStorage.Failure.self) {
            try await test.repository.publish(to: storage, signing: keys, at: TestRepository.now)
        }
        // Readers see the old state.
        var updater = try await test.refresh()
        #expect(try await updater.target("tool") == nil)
        try await test.publish()
        #expect(test.repository.roles["targets"]?.signed.version == 3)
        updater = try await test.refresh()
        #expect(try await updater.target("tool") != nil)
    }

    @Test func `stores the timestamp last`() async throws {
        let test = try await TestRepository()
        let storage = FailingStorage(test.storage, failingAt: nil)
        try test.repository.addTarget("tool", TargetDescription(of: [1]))
        try test.repository.renew("root")
        try await test.repository.publish(to: storage, signing: test.signers, at: TestRepository.now)
        #expect(await storage.written == ["2.targets.json", "2.snapshot.json", "2.root.json", "root.json", "timestamp.json"])
    }

    @Test func `lets its root be signed elsewhere, by one after the other`() async throws {
        let test = try await TestRepository()
        let holders = try (0..<3).map { _ in try SigningKey.generateEd25519() }
        try test.repository.setKeys(holders.map(\.key), threshold: 2, of: "root")
        var draft = test.repository.nextRoot(at: TestRepository.now)
        #expect(draft.signatures.isEmpty)
        try await draft.sign(with: test.key("root"))
        // From one machine to the next as a file.
        draft = try Metadata<Root>(draft.document)
        try await draft.sign(with: holders[0])
        let halfSigned = draft
        await expectRefusal(.unsigned) { try test.repository.adopt(halfSigned) }
        try await draft.sign(with: holders[2])
        try test.repository.adopt(draft)
        let online = try ["targets", "snapshot", "timestamp"].map { try test.key($0) }
        try await test.repository.publish(to: test.storage, signing: online, at: TestRepository.now)
        try await test.refresh()
        #expect(try test.version("root") == 2)
        #expect(test.cache.contents["root"] == draft.document)
        await expectRefusal(.versionMismatch) { try test.repository.adopt(draft) }
    }

    @Test func `takes targets metadata that was signed elsewhere, if it is newer`() async throws {
        let test = try await TestRepository { try $0.delegate(to: "team", paths: ["t*"]) }
        var body = try #require(test.repository.roles["team"]?.signed)
        body.targets["tool"] = TargetDescription(of: [1])
        var metadata = Metadata(body)
        try await metadata.sign(with: test.key("team"))
        let old = metadata
        await expectRefusal(.rollback) { try test.repository.adopt(old, as: "team") }
        await expectRefusal(.notPossible) { try test.repository.adopt(old, as: "nobody") }
        body.version = 5
        metadata = Metadata(body)
        try await metadata.sign(with: test.key("team"))
        try test.repository.adopt(metadata, as: "team")
        let others = try RoleName.topLevel.map { try test.key($0) }
        try await test.repository.publish(to: test.storage, signing: others, at: TestRepository.now)
        #expect(test.storage.contents[.metadata("team", version: 5)] == metadata.document)
        var updater = try await test.refresh()
        #expect(try await updater.target("tool") != nil)
    }

    @Test func `rotates keys so that old clients can follow`() async throws {
        let test = try await TestRepository()
        try await test.refresh()
        for role in RoleName.topLevel {
            let old = try test.rotate(role)
            try await test.publish(extra: [old])
            try await test.refresh()
        }
        #expect(try test.version("root") == 5)
        let second = try SigningKey.generateECDSA()
        try test.repository.addKey(second.key, to: "targets")
        try await test.publish(extra: [second])
        try test.repository.removeKey(second.keyID, from: "targets")
        try await test.publish()
        try await test.refresh()
        #expect(test.repository.root.signed.keys.count == 4)
        await expectRefusal(.notPossible) { try test.repository.removeKey(second.keyID, from: "targets") }
        await expectRefusal(.notPossible) { try test.repository.removeKey(test.key("targets").keyID, from: "targets") }
        await expectRefusal(.notPossible) { try test.repository.setKeys([second.key], threshold: 2, of: "targets") }
        await expectRefusal(.notPossible) { try test.repository.setKeys([second.key], of: "team") }
    }

    @Test func `trusts a role no longer when its delegation is gone, and lists it on`() async throws {
        let test = try await TestRepository { try $0.delegate(to: "team") }
        try await test.add("tool", "1", to: "team")
        var updater = try await test.refresh()
        #expect(try await updater.target("tool") != nil)
        try test.repository.removeDelegation(to: "team")
        try await test.publish()
        updater = try await test.refresh()
        #expect(try await updater.target("tool") == nil)
        #expect(test.repository.snapshot.signed.roles["team"] != nil)
        #expect(test.repository.roles["targets"]?.signed.delegations?.keys.isEmpty == true)
        await expectRefusal(.notPossible) { try test.repository.removeDelegation(to: "team") }
    }

    @Test func `refuses delegations that no client would take`() async throws {
        let test = try await TestRepository()
        let key = try test.key("targets").key
        for name in ["", "root", "timestamp", "snapshot", "targets"] {
            await expectRefusal(.notPossible) { try test.repository.delegate(to: name, keys: [key], scope: .paths(["*"])) }
        }
        await expectRefusal(.notPossible) { try test.repository.delegate(to: "a", keys: [], scope: .paths(["*"])) }
        await expectRefusal(.notPossible) {
            try test.repository.delegate(to: "a", keys: [key, key], threshold: 2, scope: .nothing)
        }
        await expectRefusal(.notPossible) { try test.repository.delegate(to: "a", keys: [key], scope: .nothing, from: "b") }
        await expectRefusal(.notPossible) {
            try test.repository.delegateSuccinctly(bitLength: 20, namePrefix: "b", keys: [key])
        }
        await expectRefusal(.notPossible) { try test.repository.edit("nobody") { _ in } }
        await expectRefusal(.notPossible) { try test.repository.renew("nobody") }
    }

    @Test func `continues above versions that clients may have seen`() async throws {
        let test = try await TestRepository()
        for role in ["targets", "snapshot", "timestamp"] { try test.repository.continueAbove(70, of: role) }
        try await test.publish()
        try await test.refresh()
        for role in ["targets", "snapshot", "timestamp"] { #expect(try test.version(role) == 71) }
        await expectRefusal(.notPossible) { try test.repository.continueAbove(1, of: "root") }
    }

    @Test func `is a directory that can be served and fetched from`() async throws {
        let test = try await TestRepository { try $0.delegate(to: "../team", paths: ["t*", "*/*"]) }
        let folder = try TemporaryFolder()
        let storage = DirectoryRepositoryStorage(folder.path)
        for (path, content) in [("tool", "1"), ("a b/ü %", "2"), ("../x", "3"), ("..", "4")] {
            try test.repository.addTarget(
                path, TargetDescription(of: Array(content.utf8)), to: path == "tool" ? "targets" : "../team")
            try await test.repository.store(
                Array(content.utf8), as: path, of: path == "tool" ? "targets" : "../team", in: storage)
        }
        for role in RoleName.topLevel { try test.repository.renew(role) }
        try test.repository.renew("../team")
        try await test.repository.publish(to: storage, signing: test.signers, at: TestRepository.now)
        #expect(try folder.names() == ["metadata", "targets"])
        #expect(try folder.names("targets").contains("a b"))
        let cache = MemoryMetadataCache(["root": test.repository.root.document])
        var updater = Updater(cache: cache, fetcher: storage, startTime: TestRepository.now)
        for (path, content) in [("tool", "1"), ("a b/ü %", "2"), ("../x", "3")] {
            let target = try #require(try await updater.target(path))
            #expect(try await updater.content(of: target) == Array(content.utf8))
        }
        let opened = try await Repository(opening: storage)
        #expect(opened.roles["../team"] != nil)
    }

    @Test func `stores content only as what its metadata says`() async throws {
        let test = try await TestRepository()
        try test.repository.addTarget("tool", TargetDescription(of: [1]))
        await expectRefusal(.hashMismatch) { try await test.repository.store([2], as: "tool", in: test.storage) }
        await expectRefusal(.lengthMismatch) { try await test.repository.store([], as: "tool", in: test.storage) }
        await expectRefusal(.notPossible) { try await test.repository.store([1], as: "other", in: test.storage) }
        try test.repository.removeTarget("tool")
        await expectRefusal(.notPossible) { try await test.repository.store([1], as: "tool", in: test.storage) }
    }
}

/// A storage that remembers the order of what is written, and refuses one file once.
private actor FailingStorage: RepositoryStorage {
    struct Failure: Error {}

    private let storage: any RepositoryStorage
    private var failing: String?
    private(set) var written: [String] = []

    init(_ storage: any RepositoryStorage, failingAt path: String?) {
        self.storage = storage
        failing = path
    }

    func read(_ file: RepositoryFile) async throws -> [UInt8]? { try await storage.read(file) }

    func write(_ bytes: [UInt8], as file: RepositoryFile) async throws {
        guard file.path != failing else {
            failing = nil
            throw Failure()
        }
        written.append(file.path)
        try await storage.write(bytes, as: file)
    }
}
