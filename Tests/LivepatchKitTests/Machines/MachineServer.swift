import FoundationEssentials
import LivepatchKit
import LivepatchTesting
import Logging

/// A server as far as its machines see it, on stores in memory.
struct MachineServer {
    static let quiet = Logger(label: "machines") { _ in SwiftLogNoOpLogHandler() }

    let clock = ManualClock(start: MachineSamples.now)
    let catalog: InMemoryCatalog
    /// The catalogue as it is read; its lookups of files are counted.
    let counted: OvertakenCatalog
    let tokens: InMemoryAuthTokenStore
    let store: ScriptedMachineStore
    let tiers: TierStateCache
    let offers: OfferIndex
    let memory: MachineMemory
    let batcher: ReportBatcher
    let authority: MachineAuthority
    let registrar: MachineRegistrar
    let issuer: AuthTokenIssuer
    let administration: TierAdministration

    init(limit: Int = 1000, capacity: Int = 65_536, memory size: Int = 1000, kernels: Int = 100) {
        let database = InMemoryDatabase()
        catalog = InMemoryCatalog(database)
        counted = OvertakenCatalog(catalog, at: .filesNamed, always: true) {}
        tokens = InMemoryAuthTokenStore(database)
        store = ScriptedMachineStore(InMemoryMachineStore(database))
        tiers = TierStateCache(catalog: counted)
        offers = OfferIndex(catalog: counted, limit: kernels)
        memory = MachineMemory(machines: store, capacity: size)
        batcher = ReportBatcher(store: store, limit: limit, capacity: capacity, clock: clock, logger: Self.quiet)
        authority = MachineAuthority(machines: store, revisions: tiers.revisions, key: MachineSamples.key, capacity: size)
        let now: @Sendable () -> Date = { [clock] in clock.date }
        registrar = MachineRegistrar(
            machines: store, tokens: tokens, authority: authority, memory: memory, key: MachineSamples.key, now: now)
        issuer = AuthTokenIssuer(tokens: tokens, now: now)
        administration = TierAdministration(
            catalog: catalog, tokens: InMemoryTokenStore(database), authTokens: tokens, authority: .local, now: now)
    }

    func checkIn(
        support: (any KernelSupport)? = nil, interval: Duration = .seconds(3600), jitter: Double = 0.5
    ) -> CheckIn {
        CheckIn(
            tiers: tiers, offers: offers, memory: memory, batcher: batcher, support: support, url: { "/v1/patches/\($0)" },
            interval: interval, jitter: { jitter })
    }

    @discardableResult
    func release(_ names: PatchFileName..., released: Date = MachineSamples.now) async throws -> [PatchFile] {
        var files: [PatchFile] = []
        for name in names {
            let file = MachineSamples.file(name, released: released)
            _ = try await catalog.add(file, entry: MachineSamples.entry("patch import"))
            files.append(file)
        }
        return files
    }

    func administer(_ command: TierCommand) async throws { _ = try await administration.carryOut(command, by: "alice") }

    /// Attaches a machine and returns its token.
    func attach(_ machine: String, with secret: String) async throws -> String {
        switch try await registrar.register(try MachineSamples.id(machine), with: secret) {
        case .registered(let registration): return registration.secret
        case .refused(let refusal, _): throw LivepatchError(.tokenRefused, refusal.rawValue)
        }
    }

    /// Whom a machine's token belongs to.
    func identity(_ secret: String) async throws -> MachineIdentity {
        switch try await authority.decide(secret) {
        case .accepted(let identity, _): return identity
        case .refused(let refusal, _): throw LivepatchError(.tokenRefused, refusal.rawValue)
        }
    }
}
