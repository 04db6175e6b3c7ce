public import FoundationEssentials

/// Counts a server's own machines.
public struct FleetCensus: Sendable {
    private let store: any FleetStore
    private let catalog: any Catalog
    private let tiers: TierStateCache
    private let silentAfter: Duration
    private let now: @Sendable () -> Date

    /// - Parameters:
    ///   - silentAfter: how long a machine is not heard of before it is missed.
    ///   - now: the current time.
    public init(
        store: any FleetStore, catalog: any Catalog, tiers: TierStateCache, silentAfter: Duration,
        now: @escaping @Sendable () -> Date
    ) {
        self.store = store
        self.catalog = catalog
        self.tiers = tiers
        self.silentAfter = silentAfter
        self.now = now
    }

    /// How long a machine is not heard of before it is missed, where it checks in at an interval: three of them, an hour at least.
    public static func silence(checkInInterval: Duration) -> Duration { max(checkInInterval * 3, .seconds(3600)) }

    /// Before when a machine must have been heard of last to be silent.
    public var silentSince: Date { now().addingTimeInterval(-(silentAfter / .seconds(1))) }

    /// The machines of all tiers, or of one. Nothing is left out.
    public func tally(tier: TierName? = nil) async throws -> FleetTally {
        let groups = try await store.groups(tier: tier)
        let state = try await tiers.current().state
        let newest = try await newest(state, for: groups)
        let lines = groups.map { group in
            let newest = newest[Place(tier: group.tier, kernel: group.kernel)]
            return FleetTally.Line(group, newest: newest, isCurrent: Self.isCurrent(group, newest: newest, state))
        }.sorted(by: Self.isBefore)
        return FleetTally(
            machines: lines.reduce(0) { $0 + $1.machines }, current: lines.reduce(0) { $1.isCurrent ? $0 + $1.machines : $0 },
            presence: try await store.presence(tier: tier, now: now(), silentSince: silentSince), lines: lines,
            failures: try await store.failures(tier: tier, version: nil, limit: FleetBounds.failureLimit))
    }

    /// Whether machines have the newest patch that they may have: what is offered, or something newer that is good and was moved
    /// away from under them.
    private static func isCurrent(_ group: MachineGroup, newest: PatchVersion?, _ state: TierState) -> Bool {
        guard let newest, let applied = group.applied, group.state != .appliedWithBug else { return false }
        return applied == newest || applied > newest && !state.isBlocked(applied)
    }

    /// The largest first, and then in an order that is always the same.
    private static func isBefore(_ left: FleetTally.Line, _ right: FleetTally.Line) -> Bool {
        func key(_ line: FleetTally.Line) -> (String, String, String, String) {
            (
                line.tier.description, line.kernel?.description ?? "",
                "\(line.applied?.description ?? "") \(line.attempted?.description ?? "")", line.state.rawValue
            )
        }
        return left.machines != right.machines ? left.machines > right.machines : key(left) < key(right)
    }

    // MARK: What is offered

    private struct Place: Hashable {
        let tier: TierName
        let kernel: MachineKernel?
    }

    /// The most names of files that are looked up at once.
    private static let lookup = 5000

    /// The newest version that each tier offers for each kernel, as far as its content is here.
    private func newest(_ state: TierState, for groups: [MachineGroup]) async throws -> [Place: PatchVersion] {
        let offered = Dictionary(uniqueKeysWithValues: Set(groups.map(\.tier)).map { ($0, state.offered(in: $0)) })
        let all = Set(offered.values.joined())
        var versions: [MachineKernel: Set<PatchVersion>] = [:]
        var names: [PatchFileName] = []
        func look() async throws {
            for record in try await catalog.files(named: names) where record.available {
                let name = record.file.name
                let kernel = MachineKernel(version: name.kernel, flavour: name.flavour, architecture: name.architecture)
                versions[kernel, default: []].insert(name.version)
            }
            names = []
        }
        for kernel in Set(groups.compactMap(\.kernel)) {
            names += all.map(kernel.fileName)
            if names.count >= Self.lookup { try await look() }
        }
        if !names.isEmpty { try await look() }
        var newest: [Place: PatchVersion] = [:]
        for group in groups {
            guard let kernel = group.kernel, let fitting = versions[kernel] else { continue }
            newest[Place(tier: group.tier, kernel: kernel)] = offered[group.tier]?.last(where: fitting.contains)
        }
        return newest
    }
}
