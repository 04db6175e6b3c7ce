import FoundationEssentials
import LivepatchAPI
import LivepatchKit
import LivepatchTesting
import PatchGenerator
import ScriptedServer
import Synchronization
import Testing

/// A whole upstream behind a scripted server: documents and files as they should be, and every answer can be spoiled.
struct WireServer {
    typealias Spoiling = @Sendable (ScriptedRequest, ScriptedAnswer) -> ScriptedAnswer

    let domain: InProcessServer
    let server: ScriptedServer
    private let spoiling: SpoilingBox
    private let tokenFile: String

    init(tier: String = "edge") async throws {
        let domain = try await InProcessServer(id: "origin")
        let spoiling = SpoilingBox()
        let secret = try await domain.issue(tier, "test")
        let name = try TierName(parsing: tier)
        server = try await ScriptedServer.start { request in
            guard request.header("Authorization") == "Bearer \(secret)" else { return .status(401) }
            // Reports are answered as by a server of a release that takes none.
            let answer = request.method == "POST" ? .status(404) : try await domain.answer(request, for: name)
            return spoiling.value(request, answer)
        }
        self.domain = domain
        self.spoiling = spoiling
        tokenFile = FileManager.default.temporaryDirectory.appending(path: "token-\(UUID())").path
        try Data(secret.utf8).write(to: URL(filePath: tokenFile))
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: tokenFile)
    }

    /// The options that lead here.
    var options: [String] {
        ["--upstream-url", server.url, "--token-file", tokenFile, "--set", "patch-sync.connect-timeout=5s"]
    }

    /// Releases true-to-form files of a version for kernels of those ABI numbers.
    @discardableResult
    func release(_ version: String, abis: ClosedRange<Int> = 100...101, flavour: String = "generic") async throws -> [PatchFile] {
        var files: [PatchFile] = []
        for abi in abis {
            let name = "livepatch-5.15.0-\(abi).\(abi + 10)-\(flavour)-\(version)-amd64.tar.bz2"
            files.append(try await domain.release(name, PatchGenerator().file(PatchFileName(parsing: name))))
        }
        return files
    }

    func block(_ version: String) async throws {
        try await domain.administer(.block(version: PatchVersion(parsing: version), reason: "It crashes."))
    }

    /// From now on every answer passes through this.
    func spoil(_ spoiling: @escaping Spoiling) { self.spoiling.value = spoiling }

    /// How often files were asked for.
    var fileRequests: Int { server.requests.filter { $0.path.hasPrefix("/v1/patches/") }.count }

    func stop() async {
        await server.stop()
        try? FileManager.default.removeItem(atPath: tokenFile)
    }
}

/// What becomes of answers, shared by the copies of a server.
private final class SpoilingBox: Sendable {
    private let state = Mutex<WireServer.Spoiling> { $1 }

    var value: WireServer.Spoiling {
        get { state.withLock { $0 } }
        set { state.withLock { $0 = newValue } }
    }
}
