import FoundationEssentials
import LivepatchAPI
import LivepatchKit
import LivepatchTesting
import ScriptedServer
import Synchronization

/// A whole server behind HTTP, as far as one machine asks it, and a directory that looks like that machine.
final class AttachedServer: Sendable {
    typealias Spoiling = @Sendable (ScriptedRequest, ScriptedAnswer) throws -> ScriptedAnswer

    static let authToken = "0c9f5b0a-5d0e-4b7a-9d7b-0a4f0b6f2f11"
    static let machineToken = "7c6f1f0c-5d0e-4b7a-9d7b-0a4f0b6f2f22"

    let bench: Bench
    let server: ScriptedServer
    /// Below which /proc, /sys and /etc are, and the state directory.
    let root: String
    private let spoiling: SpoilingBox

    var state: String { "\(root)/state" }
    /// The options of every command.
    var options: [String] { ["--state-dir", state, "--root", root] }

    /// - Parameter signs: whether the server signs what it shows, and tells its roots.
    init(signs: Bool = true) async throws {
        let bench = try await Bench(signs: signs)
        let box = SpoilingBox()
        self.bench = bench
        spoiling = box
        let roots = signs ? try await bench.registrationRoots() : []
        server = try await ScriptedServer.start { request in
            try box.value(request, try await Self.answer(request, bench, roots))
        }
        root = FileManager.default.temporaryDirectory.appending(path: "livepatch-agent-\(UUID())").path
        try write("Ubuntu 5.15.0-107.117-generic 5.15.149\n", to: "proc/version_signature")
        try write("Linux version 5.15.0-107-generic (buildd@host) #117-Ubuntu SMP\n", to: "proc/version")
        try write("5.15.0-107-generic\n", to: "proc/sys/kernel/osrelease")
        try write("x86_64\n", to: "proc/sys/kernel/arch")
        try write("boot-1\n", to: "proc/sys/kernel/random/boot_id")
        try write("0\n", to: "proc/sys/kernel/tainted")
        try write("3600.25 7000.00\n", to: "proc/uptime")
        try write("b08dfa6083e7567a1921a715000001fb\n", to: "etc/machine-id")
        try write("0\n", to: "sys/kernel/livepatch/placeholder/none")
    }

    func write(_ text: String, to path: String) throws {
        let folder = "\(root)/\(path.split(separator: "/").dropLast().joined(separator: "/"))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try Data(text.utf8).write(to: URL(filePath: "\(root)/\(path)"))
    }

    /// From now on every answer passes through this.
    func spoil(_ spoiling: @escaping Spoiling) { self.spoiling.value = spoiling }

    func stop() async {
        await server.stop()
        try? FileManager.default.removeItem(atPath: root)
    }

    private static func answer(_ request: ScriptedRequest, _ bench: Bench, _ roots: [TrustedRoot]) async throws -> ScriptedAnswer
    {
        let parts = request.path.split(separator: "/").map(String.init)
        let tier = try TierName(parsing: "edge")
        if parts.last == "register" {
            guard request.header("Authorization") == "Bearer \(authToken)" else { return .status(401) }
            return try .json(
                RegistrationBody(machineToken: machineToken, tier: tier, deployment: bench.origin.deployment, trustedRoots: roots)
            )
        }
        guard request.header("Authorization") == "Bearer \(machineToken)" else { return .status(401) }
        if parts.starts(with: ["v1", "client"]) {
            switch parts.last {
            case "updates":
                return try .json(try await bench.server.checkIn(DocumentCoding.decode(MachineReport.self, from: request.body)))
            default: return .status(204)
            }
        }
        return try await bench.origin.answer(request, for: tier)
    }
}

/// Runs a body with a server and a machine's directory, and ends both.
func withServer(signs: Bool = true, _ body: (AttachedServer) async throws -> Void) async throws {
    let server = try await AttachedServer(signs: signs)
    do {
        try await body(server)
    } catch {
        await server.stop()
        throw error
    }
    await server.stop()
}

private final class SpoilingBox: Sendable {
    private let state = Mutex<AttachedServer.Spoiling> { $1 }

    var value: AttachedServer.Spoiling {
        get { state.withLock { $0 } }
        set { state.withLock { $0 = newValue } }
    }
}
