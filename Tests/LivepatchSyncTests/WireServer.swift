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
            return spoiling.value(request, try await Self.answer(request, domain, name))
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

    private static func answer(_ request: ScriptedRequest, _ domain: InProcessServer, _ tier: TierName) async throws
        -> ScriptedAnswer
    {
        let parts = request.path.split(separator: "/").map(String.init)
        // As a server of a release that takes no reports.
        if request.method == "POST" { return .status(404) }
        if request.path == Paths.syncHead { return .content(try await domain.publisher.head(for: tier).bytes, for: request) }
        if parts.starts(with: ["v1", "sync", "metadata"]) {
            let repository: MetadataRepository =
                parts[3] == "origins"
                ? .origin(try DeploymentID(parsing: parts[4])) : .view(try TierName(parsing: parts[4]))
            let bytes = try await domain.publisher.metadata(MetadataFile(parts[5], of: repository), for: tier)
            return bytes.map { .content($0, for: request) } ?? .status(404)
        }
        if parts.starts(with: ["v1", "patches"]), let text = parts.last {
            let file = try await domain.delivery.file(PatchFileName(parsing: text), for: .tier(tier))
            let reader = try await domain.delivery.open(file)
            return .content(try reader.read(at: 0, count: Int(reader.length)), for: request)
        }
        let name: DocumentName
        switch parts.dropFirst(2) {
        case ["revocations"]: name = .revocations
        case ["tiers"]: name = .tiers
        case let rest where rest.first == "tiers": name = .tier(try TierName(parsing: parts[3]))
        default: name = .version(try PatchVersion(parsing: parts[3]))
        }
        guard let document = try await domain.publisher.document(name, for: tier) else { return .status(404) }
        return .content(document.bytes, for: request)
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
