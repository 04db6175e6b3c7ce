import Foundation
import LivepatchKit
import Synchronization
import TUF
import Testing

@testable import LivepatchFiles

@Suite struct TrustDirectoryTests {
    private let directory: TemporaryDirectory
    private let data: DataDirectory

    init() throws {
        directory = try TemporaryDirectory()
        data = DataDirectory(directory.file("data"))
    }

    private func deployment(_ id: String) throws -> DeploymentID { try DeploymentID(parsing: id) }

    // MARK: Keys

    @Test func `keys are files for their owner alone`() async throws {
        let keys = DirectoryTrustKeyStore(at: data.keys)
        let key = try await keys.keyOrNew(.originRoot)
        #expect(try directory.mode("data/keys") == 0o700)
        #expect(try directory.mode("data/keys/origin-root.key") == 0o600)
        #expect(try directory.names("data/keys") == ["origin-root.key"])
        let text = try String(contentsOfFile: directory.file("data/keys/origin-root.key"), encoding: .utf8)
        #expect(Data(base64Encoded: String(text.dropLast())) == Data(key.secretBytes))
        #expect(try await DirectoryTrustKeyStore(at: data.keys).key(.originRoot)?.keyID == key.keyID)
    }

    @Test(arguments: [0o640, 0o604, 0o660, 0o644])
    func `a key that others may read is refused with the way out`(mode: Int) async throws {
        let keys = DirectoryTrustKeyStore(at: data.keys)
        _ = try await keys.keyOrNew(.originOnline)
        let path = directory.file("data/keys/origin-online.key")
        chmod(path, mode_t(mode))
        for attempt in [keys.key, { try await keys.keyOrNew($0) }] as [@Sendable (TrustKeyName) async throws -> SigningKey?] {
            let error = await #expect(throws: LivepatchError.self) { try await attempt(.originOnline) }
            #expect(error?.code == .configurationInvalid)
            #expect(error?.message.contains(path) == true && error?.message.contains(String(mode, radix: 8)) == true)
            #expect(error?.suggestion?.contains("chmod 600") == true)
        }
        chmod(path, 0o600)
        #expect(try await keys.key(.originOnline) != nil)
    }

    @Test(arguments: ["", "not base64!", "AAAA", String(repeating: "A", count: 88)])
    func `what is no key is not replaced by a new one`(text: String) async throws {
        let keys = DirectoryTrustKeyStore(at: data.keys)
        _ = try await keys.keyOrNew(.originRoot)
        try SecretFile(at: directory.file("data/keys/origin-targets.key")).write(text)
        let error = await #expect(throws: LivepatchError.self) { try await keys.keyOrNew(.originTargets) }
        #expect(error?.code == .trustUnavailable)
        #expect(error?.message.contains("origin-targets.key") == true && error?.suggestion?.contains("backup") == true)
        #expect(try SecretFile(at: directory.file("data/keys/origin-targets.key")).readText() == text)
    }

    @Test func `keys that cannot be kept are not used`() async throws {
        try directory.write("data", "a file where the directory should be")
        let error = await #expect(throws: LivepatchError.self) {
            try await DirectoryTrustKeyStore(at: data.keys).keyOrNew(.originRoot)
        }
        #expect(error?.code == .storageUnavailable)
    }

    // MARK: Trust

    @Test func `everything lies where the manual says`() async throws {
        let storage = DirectoryTrustStorage(at: data.trust)
        try await storage.published(.origin(deployment("a"))).write([1], as: "timestamp.json")
        try await storage.published(.view(TierName(parsing: "edge"))).write([1], as: "1.root.json")
        try await storage.trusted(.origin(deployment("b"))).write([1], for: "root")
        try await storage.trusted(.view(TierName(parsing: "edge"), owner: deployment("b"))).write([1], for: "x/y")
        #expect(try directory.names("data/trust/published/origins/a") == ["timestamp.json"])
        #expect(try directory.names("data/trust/published/tiers/edge") == ["1.root.json"])
        #expect(try directory.names("data/trust/upstream/origins/b") == ["root.json"])
        #expect(try directory.names("data/trust/upstream/tiers/b/edge") == ["x%2Fy.json"])
        #expect(try directory.mode("data/trust/published/origins/a/timestamp.json") == 0o640)
    }

    @Test func `a file reaches the medium before its name, and its name before the next file`() async throws {
        let calls = Mutex<[String]>([])
        let system = FileCalls.system
        @Sendable func note(_ call: String, _ path: String) {
            // Of a temporary file the name that it is to get.
            let name = path.split(separator: "/").last.map(String.init) ?? ""
            calls.withLock { $0.append("\(call) \(name.prefix { $0 != "." })") }
        }
        let noted = FileCalls(
            write: { system.write($0, $1, $2) },
            flush: {
                note("flush", $1)
                return system.flush($0, $1)
            },
            flushDirectory: {
                note("flush directory", $1)
                return system.flushDirectory($0, $1)
            },
            flushFileSystem: { system.flushFileSystem($0) },
            check: { system.check($0, $1) },
            rename: {
                note("rename", $1)
                return system.rename($0, $1)
            })
        let storage = DirectoryTrustStorage(at: data.trust, calls: noted)
        let files = try await storage.published(.view(TierName(parsing: "edge")))
        try await files.write([1], as: "root.json")
        calls.withLock { $0 = [] }
        try await files.write([2], as: "snapshot.json")
        try await files.write([3], as: "timestamp.json")
        #expect(
            calls.withLock { $0 } == [
                "flush snapshot", "rename snapshot", "flush directory edge",
                "flush timestamp", "rename timestamp", "flush directory edge",
            ])
    }

    @Test func `what a killed process left half written is neither read nor kept`() async throws {
        let files = try await DirectoryTrustStorage(at: data.trust).published(.origin(deployment("a")))
        try await files.write([1], as: "timestamp.json")
        try directory.write("data/trust/published/origins/a/timestamp.json.1f.tmp", "half")
        let restarted = try await DirectoryTrustStorage(at: data.trust).published(.origin(deployment("a")))
        #expect(try await restarted.names() == ["timestamp.json"])
        #expect(try await restarted.read("timestamp.json.1f.tmp") == nil)
        try await restarted.write([2], as: "timestamp.json")
        #expect(try directory.names("data/trust/published/origins/a") == ["timestamp.json"])
    }

    @Test func `a name that is none is not written`() async throws {
        let files = try await DirectoryTrustStorage(at: data.trust).published(.origin(deployment("a")))
        for name in ["../escape.json", "a/b.json", "plain", ".."] {
            await #expect(throws: LivepatchError.self) { try await files.write([1], as: name) }
        }
        #expect(!FileManager.default.fileExists(atPath: directory.file("data/trust/published/origins/escape.json")))
    }

    @Test func `what was half forgotten is gone with the next`() async throws {
        let storage = DirectoryTrustStorage(at: data.trust)
        let repository = TrustedRepository.origin(try deployment("a"))
        try await storage.trusted(repository).write([1], for: "root")
        // A process was killed after it had renamed the directory.
        let origins = directory.file("data/trust/upstream/origins")
        try FileManager.default.moveItem(atPath: "\(origins)/a", toPath: "\(origins)/.1.forgotten")
        #expect(try await storage.trustedRepositories().isEmpty)
        #expect(try await storage.trusted(repository).read("root", limit: 10) == nil)
        try await storage.forget(repository)
        #expect(try directory.names("data/trust/upstream/origins").isEmpty)
    }
}
