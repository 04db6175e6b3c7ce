import FoundationEssentials
import LivepatchTesting
import Testing

@testable import LivepatchKit

@Suite("A backup")
struct BackupTests {
    private let trust = InMemoryBackupPart([(.trust("published/root.json"), Array("root".utf8))])
    private let database = InMemoryBackupPart([(.database, Array("rows".utf8))])
    private let keys = InMemoryBackupPart([
        (.key("machine-ids.key"), Array("secret".utf8)), (.key("webhooks/1"), Array("hook".utf8)),
    ])
    private let storage = InMemoryPatchStorage()
    private let deployment: DeploymentID
    private let now = Date(timeIntervalSince1970: 1_700_000_000)

    init() throws { deployment = try DeploymentID(parsing: "origin") }

    private func taking() -> BackupTaking {
        let now = now
        return BackupTaking(
            deployment: deployment, release: "1.2.3", files: [trust, database], keys: keys, storage: storage,
            lock: InMemoryStorageLock(), now: { now })
    }

    private func take(_ demand: BackupTaking.Demand = .init()) async throws -> InMemoryBundle {
        let bundle = InMemoryBundle()
        try await taking().begin(demand).write(to: bundle)
        return bundle
    }

    private func key(_ passphrase: String = "correct horse battery") throws -> BackupKey {
        try BackupKey(passphrase: passphrase, .init(salt: Data(repeating: 7, count: 16), rounds: 16))
    }

    private func expect(_ code: LivepatchError.Code, saying words: String = "", _ body: () async throws -> Void) async {
        do {
            try await body()
            Issue.record("nothing was thrown")
        } catch {
            #expect((error as? LivepatchError)?.code == code, "\(error)")
            #expect("\(error)".contains(words) || words.isEmpty, "\(error)")
        }
    }

    @Test("holds what is signed before the database, and says of itself what it holds")
    func members() async throws {
        let content = storage.put(Array("a patch".utf8))
        let bundle = try await take(.init(key: key(), includesPatches: true))
        #expect(
            bundle.names == [
                "backup.json", "trust/published/root.json", "livepatch.db", "keys/machine-ids.key", "keys/webhooks/1",
                "content/sha256/\(content.digest)",
            ])
        #expect(bundle.isFinished)
        let backup = try Backup(bundle.archive())
        #expect(backup.manifest.deployment == deployment && backup.manifest.release == "1.2.3" && backup.manifest.created == now)
        #expect(backup.manifest.includesPatches)
        try await backup.verify(key: key())
    }

    @Test("holds keys only where somebody gave a key, and then encrypted, each under its own name")
    func keysAreEncrypted() async throws {
        #expect(try await take().names == ["backup.json", "trust/published/root.json", "livepatch.db"])
        let bundle = try await take(.init(key: key()))
        let sealed = try #require(bundle["keys/webhooks/1"])
        #expect(!sealed.contains(Array("hook".utf8)))
        let backup = try Backup(bundle.archive())
        let member = try #require(backup.manifest.members.first { $0.name == "keys/webhooks/1" })
        #expect(try backup.key(member, with: key()) == Array("hook".utf8))
        await expect(.backupLocked) { try await backup.verify(key: key("another passphrase")) }
        #expect(throws: LivepatchError.self) { try key().open(sealed, as: "keys/machine-ids.key") }
    }

    @Test("is refused when any of its members has been changed, cut, taken away or added")
    func damage() async throws {
        let whole = try await take(.init(key: key()))
        for name in whole.names.dropFirst() {
            let bundle = try await take(.init(key: key()))
            bundle[name]?[0] ^= 1
            await expect(.backupInvalid, saying: name) { try await Backup(bundle.archive()).verify() }
            bundle[name]?.removeLast()
            await expect(.backupInvalid, saying: name) { _ = try Backup(bundle.archive()) }
            bundle[name] = nil
            await expect(.backupInvalid, saying: name) { _ = try Backup(bundle.archive()) }
        }
        whole["trust/more"] = [1]
        await expect(.backupInvalid, saying: "trust/more") { _ = try Backup(whole.archive()) }
        await expect(.backupInvalid) { _ = try Backup(InMemoryBundle().archive()) }
    }

    @Test(
        "has no member that would leave the data directory, or lie in it where nothing of a backup lies",
        arguments: [
            "trust/../../etc/passwd", "/etc/passwd", "trust//x", "trust/./x", "server.lock", "content/sha256/../x", "keys", "",
            "content/sha512/aa", "other/x", "keys/a\0b",
        ])
    func names(_ name: String) throws {
        #expect(BackupMember(name: name) == nil)
    }

    @Test("is taken one at a time, and another one when the first has ended, however it ended")
    func oneAtATime() async throws {
        let taking = taking()
        let first = try await taking.begin(.init())
        await expect(.storageBusy) { _ = try await taking.begin(.init()) }
        await first.close()
        struct Full: BundleSink {
            func begin(_ name: String, length: Int64) async throws { throw LivepatchError(.storageFull, "full") }
            func append(_ bytes: [UInt8]) async throws {}
            func finish() async throws {}
        }
        let second = try await taking.begin(.init())
        await expect(.storageFull) { try await second.write(to: Full()) }
        try await taking.begin(.init()).write(to: InMemoryBundle())
    }

    @Test("does not change while it is written")
    func fixed() async throws {
        let backup = try await taking().begin(.init())
        database.put(Array("other rows".utf8), as: .database)
        let bundle = InMemoryBundle()
        try await backup.write(to: bundle)
        #expect(bundle["livepatch.db"] == Array("rows".utf8))
    }

    @Test("does not make its reader compute for hours")
    func bounds() {
        for scrypt in [
            BackupKeyDerivation.Scrypt(salt: Data(repeating: 1, count: 16), rounds: 1 << 30),
            .init(salt: Data(repeating: 1, count: 16), rounds: 1000), .init(salt: Data()),
            .init(salt: Data(repeating: 1, count: 16), rounds: 1 << 20, blockSize: 32),
            .init(salt: Data(repeating: 1, count: 16), parallelism: 1 << 20),
        ] {
            #expect(throws: LivepatchError.self) { try BackupKey(passphrase: "correct horse battery", scrypt) }
        }
        #expect(throws: LivepatchError.self) { try key("short") }
        #expect(throws: LivepatchError.self) { try BackupKey(file: "c2hvcnQ=") }
    }
}
