import FoundationEssentials
import LivepatchFiles
import LivepatchKit
import TUF
import Testing

@Suite("Keys that are brought") struct TrustKeyImportTests {
    private func key(in directory: TemporaryDirectory, _ name: String, _ key: SigningKey) throws -> SecretFile {
        let file = SecretFile(at: directory.file(name))
        try file.write(Data(key.secretBytes).base64EncodedString())
        return file
    }

    @Test func `a key is taken in once, and signs from then on`() async throws {
        let directory = try TemporaryDirectory()
        let store = DirectoryTrustKeyStore(at: directory.file("keys"))
        let key = try SigningKey.generateEd25519()
        let file = try self.key(in: directory, "brought", key)
        #expect(try await store.take(file, as: .originRoot, replacing: false) == .added)
        #expect(try await store.keyOrNew(.originRoot).keyID == key.keyID)
        #expect(try await store.take(file, as: .originRoot, replacing: false) == .unchanged)
        #expect(try await store.key(.tiersRoot) == nil)
    }

    @Test func `another key is only replaced when asked for, and is kept`() async throws {
        let directory = try TemporaryDirectory()
        let store = DirectoryTrustKeyStore(at: directory.file("keys"))
        let present = try await store.keyOrNew(.tiersOnline)
        let file = try key(in: directory, "brought", SigningKey.generateEd25519())
        let refusal = await #expect(throws: LivepatchError.self) {
            _ = try await store.take(file, as: .tiersOnline, replacing: false)
        }
        #expect(refusal?.code == .alreadyExists)
        #expect(refusal?.message.contains("tiers-online") == true && refusal?.suggestion?.contains("--force") == true)
        #expect(try await store.key(.tiersOnline)?.keyID == present.keyID)
        guard case .replaced(let former) = try await store.take(file, as: .tiersOnline, replacing: true) else {
            Issue.record("it was not replaced")
            return
        }
        #expect(try await store.key(.tiersOnline)?.keyID != present.keyID)
        #expect(try await store.take(SecretFile(at: former), as: .tiersOnline, replacing: true) != .unchanged)
        #expect(try await store.key(.tiersOnline)?.keyID == present.keyID)
    }

    @Test func `what is no key, not there, or for others' eyes is refused, and nothing is made`() async throws {
        let directory = try TemporaryDirectory()
        let store = DirectoryTrustKeyStore(at: directory.file("keys"))
        let short = SecretFile(at: directory.file("short"))
        try short.write("c2hvcnQ=")
        let open = try key(in: directory, "open", SigningKey.generateEd25519())
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: open.path)
        for (file, code) in [
            (short, LivepatchError.Code.trustUnavailable), (open, .configurationInvalid),
            (SecretFile(at: directory.file("nothing")), .notFound),
        ] {
            let error = await #expect(throws: LivepatchError.self) {
                _ = try await store.take(file, as: .originRoot, replacing: true)
            }
            #expect(error?.code == code, "\(file.path)")
        }
        #expect(!FileManager.default.fileExists(atPath: directory.file("keys")))
    }
}
