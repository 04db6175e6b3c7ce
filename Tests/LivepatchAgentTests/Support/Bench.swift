import FoundationEssentials
import LivepatchArchive
import LivepatchKit
import LivepatchTesting
import PatchGenerator
import Synchronization
import Testing

/// A machine with a simulated kernel, below a whole server in the same process.
struct Bench {
    static let kernelVersion = "5.15.0-107.117"
    static let module = "livepatch_cmdline"

    let origin: InProcessServer
    let kernel: SimulatedKernel
    let memory = InMemoryAgentMemory()
    let storage = InMemoryPatchStorage()
    let trust = InMemoryTrustStorage()
    let clock: ManualClock
    let server: BenchServer
    private let roots: [SHA256Digest]

    /// - Parameter signs: whether the server signs what it shows.
    init(tier: String = "edge", signs: Bool = true) async throws {
        let clock = ManualClock(start: Date(timeIntervalSince1970: 1_800_000_000))
        self.clock = clock
        origin = try await InProcessServer(id: "origin", signs: signs, place: .top, now: { clock.date })
        let secret = try await origin.issue(tier, "machine")
        let upstream = origin.upstream(secret: secret)
        kernel = SimulatedKernel(
            RunningKernel(
                release: "5.15.0-107-generic",
                kernel: MachineKernel(
                    version: try KernelVersion(parsing: Self.kernelVersion), flavour: try Flavour(parsing: "generic"),
                    architecture: .amd64), bootID: "boot-1"))
        server = BenchServer(origin: origin, tier: try TierName(parsing: tier), view: upstream)
        // The roots that a registration tells.
        var roots: [SHA256Digest] = []
        if signs {
            for repository in [MetadataRepository.origin(origin.deployment), .view(try TierName(parsing: tier))] {
                let root = try #require(
                    try await origin.publisher.metadata(MetadataFile("1.root.json", of: repository), for: TierName(parsing: tier))
                )
                roots.append(SHA256Digest(of: root))
            }
        }
        self.roots = roots
    }

    static func name(_ version: String, kernel: String = kernelVersion, flavour: String = "generic") throws -> PatchFileName {
        try PatchFileName(parsing: "livepatch-\(kernel)-\(flavour)-\(version)-amd64.tar.bz2")
    }

    /// Releases a version for this machine's kernel.
    @discardableResult
    func release(_ version: String, fault: PatchFault? = nil) async throws -> PatchFile {
        let name = try Self.name(version)
        return try await origin.release("\(name)", PatchGenerator(codeBytes: 2_000).file(name, fault: fault))
    }

    /// The name of a version's module.
    func module(_ version: String) async throws -> String {
        let contents = try await TarballReader().contents(
            of: InMemoryContentReader(bytes: PatchGenerator(codeBytes: 2_000).file(try Self.name(version))),
            limits: PatchArchiveLimits())
        let module = try #require(contents.modules.first)
        return try #require(try KernelModule(parsing: module.bytes).name)
    }

    func block(_ version: String, reason: String = "It hangs.") async throws {
        try await origin.administer(.block(version: PatchVersion(parsing: version), reason: reason))
    }

    /// - Parameters:
    ///   - roots: the pinned roots; those that the server told if `nil`.
    ///   - view: what the server shows, if it is not to be the server's own.
    func agent(
        roots: Set<SHA256Digest>? = nil, allowsUnsigned: Bool = false, wishes: MachineWishes = MachineWishes(),
        view: (any UpstreamServer)? = nil, patience: Duration = .seconds(5),
        checkModule: @escaping @Sendable ([UInt8]) throws -> Void = { _ in }
    ) -> MachineAgent {
        let settings = Transfers.Settings(
            concurrency: 1, retry: RetryPolicy(attempts: 2, base: .milliseconds(1)),
            bandwidth: BandwidthLimiter(bytesPerSecond: nil))
        let clock = clock
        return MachineAgent(
            MachineAgent.Resources(
                kernel: kernel, server: server,
                verification: OfferVerification(
                    view ?? server.view, trust: trust, roots: roots ?? Set(self.roots), allowsUnsigned: allowsUnsigned,
                    now: { clock.date }),
                memory: memory, lock: InMemoryStorageLock(), storage: storage,
                transfers: Transfers(upstream: view ?? server.view, storage: storage, settings: settings, clock: clock),
                archive: TarballReader(), checkModule: checkModule, wishes: wishes, clientVersion: "test/1", clock: clock,
                now: { clock.date }), patience: patience)
    }

    /// One round of a new agent.
    @discardableResult
    func round(_ agent: MachineAgent? = nil, force: Bool = false, isDryRun: Bool = false) async throws -> MachineRound.Outcome {
        let agent = agent ?? self.agent()
        return try await clock.passingTime { try await agent.round(force: force, isDryRun: isDryRun) }
    }

    /// The roots as a registration tells them.
    func registrationRoots() async throws -> [TrustedRoot] {
        zip([TrustedRoot.Kind.origin, .tiers], roots).map { kind, fingerprint in
            TrustedRoot(kind: kind, signer: origin.deployment, version: 1, fingerprint: fingerprint)
        }
    }

    /// The fingerprint of nobody's root.
    static let stranger = SHA256Digest(of: [1, 2, 3])
}

/// The server's side of machines, as far as agents see it: it answers from the catalogue, unless a test answers for it.
final class BenchServer: MachineServer {
    typealias Falsifier = @Sendable (MachineReport, CheckInAnswer) throws -> CheckInAnswer

    private struct State {
        var reports: [MachineReport] = []
        var pings: [MachinePing] = []
        var falsify: Falsifier = { $1 }
        var pingFailure: LivepatchError?
    }

    let view: any UpstreamServer
    private let origin: InProcessServer
    private let tier: TierName
    private let state = Mutex(State())

    init(origin: InProcessServer, tier: TierName, view: any UpstreamServer) {
        self.origin = origin
        self.tier = tier
        self.view = view
    }

    var reports: [MachineReport] { state.withLock { $0.reports } }
    var pings: [MachinePing] { state.withLock { $0.pings } }
    var pingKinds: [MachinePing.Kind] { pings.map(\.pingType) }

    /// From now on every answer passes through this.
    func falsify(_ falsify: @escaping Falsifier) { state.withLock { $0.falsify = falsify } }
    func failPings(_ error: LivepatchError?) { state.withLock { $0.pingFailure = error } }

    /// Nobody answers any more.
    func goAway(with error: LivepatchError = LivepatchError(.serverUnreachable, "The server cannot be reached.")) {
        falsify { _, _ in throw error }
        failPings(error)
    }

    func comeBack() {
        falsify { $1 }
        failPings(nil)
    }

    func checkIn(_ report: MachineReport) async throws -> CheckInAnswer {
        state.withLock { $0.reports.append(report) }
        let (tiers, revision) = try await origin.catalog.tierState()
        var offer: CheckInAnswer.Offer?
        for version in tiers.offered(in: tier).sorted(by: >) {
            let name = report.kernel.fileName(version)
            if let record = try await origin.catalog.files(of: version).first(where: { $0.file.name == name }) {
                offer = CheckInAnswer.Offer(record.file, url: "/v1/patches/\(name)")
                break
            }
        }
        let answer = CheckInAnswer(
            time: origin.time, revision: revision, tier: tier, patch: offer, reason: offer == nil ? .kernelUnknown : nil,
            message: offer == nil ? "This server knows no patch for that kernel." : nil,
            revoked: report.patchVersion.map(tiers.isBlocked) ?? false, nextCheckSeconds: 3600)
        return try state.withLock { $0.falsify }(report, answer)
    }

    func ping(_ ping: MachinePing) async throws {
        try state.withLock { state in
            if let failure = state.pingFailure { throw failure }
            state.pings.append(ping)
        }
    }
}

extension InProcessServer {
    fileprivate var time: Date { Date(timeIntervalSince1970: 1_800_000_000) }
}
