public import FoundationEssentials
public import LivepatchKit

/// What is asked of machines as a whole, over an ``InMemoryDatabase``.
public struct InMemoryFleetStore: FleetStore {
    let database: InMemoryDatabase
    private let machines: any MachineStore

    /// - Parameter machines: the machines of the same server.
    public init(_ database: InMemoryDatabase, machines: any MachineStore) {
        self.database = database
        self.machines = machines
    }

    // MARK: This server's machines

    private func all(tier: TierName? = nil) async throws -> [Machine] {
        var query = MachineQuery()
        query.tier = tier
        return try await machines.machines(query, after: nil, limit: .max)
    }

    public func groups(tier: TierName?) async throws -> [MachineGroup] {
        struct Key: Hashable {
            let tier: TierName
            let kernel: MachineKernel?
            let applied: PatchVersion?
            let attempted: PatchVersion?
            let state: PatchState
        }
        var counts: [Key: Int] = [:]
        for machine in try await all(tier: tier) {
            let report = machine.report
            let key = Key(
                tier: machine.tier, kernel: report?.kernel, applied: report?.patchVersion, attempted: report?.attemptedVersion,
                state: report?.patchState ?? .needsCheck)
            counts[key, default: 0] += 1
        }
        return counts.map { key, count in
            MachineGroup(
                tier: key.tier, kernel: key.kernel, applied: key.applied, attempted: key.attempted, state: key.state,
                machines: count)
        }
    }

    public func presence(tier: TierName?, now: Date, silentSince: Date) async throws -> FleetPresence {
        let now = Timestamp.wholeSecond(now)
        return try await all(tier: tier).reduce(into: FleetPresence()) { presence, machine in
            if machine.lastSeen ?? machine.registered < silentSince { presence.silent += 1 }
            guard let seen = machine.lastSeen else { return presence.never += 1 }
            switch now.timeIntervalSince(seen) {
            case ...3600: presence.hour += 1
            case ...86_400: presence.day += 1
            case ...(7 * 86_400): presence.week += 1
            default: presence.older += 1
            }
        }
    }

    public func failures(tier: TierName?, version: PatchVersion?, limit: Int) async throws -> [FailureMessage] {
        struct Key: Hashable {
            let tier: TierName
            let version: PatchVersion?
            let state: PatchState
            let message: String
        }
        var counts: [Key: Int] = [:]
        for machine in try await all(tier: tier) {
            guard let report = machine.report, report.patchState.isFailure, let message = report.message, !message.isEmpty else {
                continue
            }
            let about = report.attemptedVersion ?? report.patchVersion
            guard version == nil || about == version else { continue }
            counts[Key(tier: machine.tier, version: about, state: report.patchState, message: message), default: 0] += 1
        }
        return counts.sorted {
            ($1.value, $0.key.message, $0.key.tier.description) < ($0.value, $1.key.message, $1.key.tier.description)
        }.prefix(max(limit, 0)).map { key, count in
            FailureMessage(tier: key.tier, version: key.version, state: key.state, message: key.message, machines: count)
        }
    }

    // MARK: Changes

    /// Looks for what has changed, as the triggers of a database note it at once.
    private func noteChanges() async throws {
        let machines = try await all()
        try database.write { tables in
            for machine in machines {
                if let known = tables.fleet.changes[machine.id], !machine.isWorthTelling(after: known.machine) { continue }
                tables.fleet.sequence += 1
                tables.fleet.changes[machine.id] = MachineChange(sequence: tables.fleet.sequence, machine: machine)
            }
            let ids = Set(machines.map(\.id))
            for id in tables.fleet.changes.keys where !ids.contains(id) { tables.fleet.changes[id] = nil }
        }
    }

    public func machineFeed() async throws -> MachineFeedMark {
        try await noteChanges()
        return try database.read { MachineFeedMark(epoch: $0.fleet.epoch, sequence: $0.fleet.sequence) }
    }

    public func machineChanges(after sequence: Int64, limit: Int) async throws -> [MachineChange] {
        try await noteChanges()
        let machines = Dictionary(try await all().map { ($0.id, $0) }) { first, _ in first }
        return try database.read { tables in
            tables.fleet.changes.values.filter { $0.sequence > sequence }.sorted { $0.sequence < $1.sequence }
                .prefix(max(limit, 0)).compactMap { change in
                    machines[change.machine.id].map { MachineChange(sequence: change.sequence, machine: $0) }
                }
        }
    }
}

extension Machine {
    /// Whether this machine differs from what was told of it in what matters, or was heard of a day later.
    fileprivate func isWorthTelling(after told: Machine) -> Bool {
        var (now, before) = (self, told)
        for keyPath: WritableKeyPath<Machine, Date?> in [\.lastSeen, \.stateSince, \.booted] {
            now[keyPath: keyPath] = nil
            before[keyPath: keyPath] = nil
        }
        now.report = report.map(Self.essence)
        before.report = told.report.map(Self.essence)
        if now != before { return true }
        guard let lastSeen else { return false }
        return told.lastSeen.map { lastSeen.timeIntervalSince($0) >= 86_400 } ?? true
    }

    private static func essence(_ report: MachineReport) -> MachineReport {
        var essence = MachineReport(kernel: report.kernel, patchState: report.patchState, patchVersion: report.patchVersion)
        essence.attemptedVersion = report.attemptedVersion
        essence.message = report.message
        return essence
    }
}
