public import FoundationEssentials
public import LivepatchKit

/// What an ``InMemoryDatabase`` holds of a fleet.
struct FleetTables: Sendable {
    /// What was reported of one deployment.
    struct Below: Sendable {
        var report: DownstreamReport
        let received: Date
        var mark: MachineFeedMark?
        var machines: [HashedMachineID: MachineChange] = [:]
    }

    let epoch = UUID().uuidString.lowercased().filter { $0 != "-" }
    var sequence: Int64 = 0
    /// The last change of each machine, with what it was then.
    var changes: [HashedMachineID: MachineChange] = [:]
    var downstreamSequence: Int64 = 0
    var below: [DownstreamSource: Below] = [:]
}

extension InMemoryFleetStore {
    public func replaceDownstreamReports(
        _ reports: [DownstreamReport], token: String, reporter: DeploymentID, received: Date
    ) async throws {
        try database.write { tables in
            guard tables.unrevoked(token) != nil else { throw LivepatchError.tokenUnknown(token) }
            tables.dropRevokedDownstreams()
            var kept: [DownstreamSource: FleetTables.Below] = [:]
            for report in reports {
                var below = FleetTables.Below(report: report, received: Timestamp.wholeSecond(received))
                if let known = tables.fleet.below[report.source] { (below.mark, below.machines) = (known.mark, known.machines) }
                kept[report.source] = below
            }
            for source in tables.fleet.below.keys where source.token == token && source.reporter == reporter {
                tables.fleet.below[source] = nil
            }
            tables.fleet.below.merge(kept) { $1 }
        }
    }

    public func downstreamReports() async throws -> [DownstreamReport] {
        try database.read { tables in
            tables.liveDownstreams.map(\.value.report).sorted {
                ($0.token, $0.reporter, $0.deployment) < ($1.token, $1.reporter, $1.deployment)
            }
        }
    }

    public func downstreamFeed(_ source: DownstreamSource) async throws -> (mark: MachineFeedMark?, machines: Int)? {
        try database.read { $0.fleet.below[source].map { ($0.mark, $0.machines.count) } }
    }

    public func keep(
        _ page: MachinePage, from source: DownstreamSource
    ) async throws -> (mark: MachineFeedMark?, machines: Int)? {
        try database.write { tables in
            guard var below = tables.fleet.below[source] else { return nil }
            if page.header.after == 0 {
                below.machines = [:]
            } else if below.mark != MachineFeedMark(epoch: page.header.epoch, sequence: page.header.after) {
                return (below.mark, below.machines.count)
            }
            for machine in page.machines {
                tables.fleet.downstreamSequence += 1
                below.machines[machine.id] = MachineChange(
                    sequence: tables.fleet.downstreamSequence, machine: machine)
            }
            below.mark = page.mark
            tables.fleet.below[source] = below
            let kept = tables.fleet.below.filter { $0.key.token == source.token }.reduce(0) { $0 + $1.value.machines.count }
            guard kept <= FleetBounds.keptMachines else { throw LivepatchError.tooManyMachinesBelow(source.token) }
            return (below.mark, below.machines.count)
        }
    }

    public func downstreamChangeMark(_ source: DownstreamSource) async throws -> MachineFeedMark? {
        try database.read { tables in
            guard let below = tables.fleet.below[source], below.mark != nil else { return nil }
            return MachineFeedMark(
                epoch: tables.fleet.epoch, sequence: below.machines.values.map(\.sequence).max() ?? 0)
        }
    }

    public func downstreamChanges(
        of source: DownstreamSource, after sequence: Int64, limit: Int
    ) async throws -> [MachineChange] {
        try database.read { tables in
            (tables.fleet.below[source]?.machines.values.map { $0 } ?? []).filter { $0.sequence > sequence }
                .sorted { $0.sequence < $1.sequence }.prefix(max(limit, 0)).map { $0 }
        }
    }

    public func downstreamMachines(
        _ query: MachineQuery, among sources: [DownstreamSource], after: DownstreamMachine.Place?, limit: Int
    ) async throws -> [DownstreamMachine] {
        try fitting(query, sources).filter { machine in
            after.map { ($0.deployment, $0.machine) < (machine.deployment, machine.machine.id) } ?? true
        }.prefix(max(limit, 0)).map { $0 }
    }

    public func countDownstreamMachines(_ query: MachineQuery, among sources: [DownstreamSource]) async throws -> Int {
        try fitting(query, sources).count
    }

    private func fitting(_ query: MachineQuery, _ sources: [DownstreamSource]) throws -> [DownstreamMachine] {
        try database.read { tables in
            sources.flatMap { source in
                (tables.fleet.below[source]?.machines.values.map(\.machine) ?? []).filter { query.admits($0) }
                    .map { DownstreamMachine(deployment: source.deployment, machine: $0) }
            }.sorted { ($0.deployment, $0.machine.id) < ($1.deployment, $1.machine.id) }
        }
    }
}

extension Tables {
    /// What came with tokens that are not revoked, and not with an earlier one of the same name.
    var liveDownstreams: [DownstreamSource: FleetTables.Below] {
        fleet.below.filter { source, below in
            unrevoked(source.token).map { tokens[$0].created <= below.received } ?? false
        }
    }

    mutating func dropRevokedDownstreams() { fleet.below = liveDownstreams }
}
