import ConsoleRecording
import FoundationEssentials
import LivepatchAPI
import LivepatchKit

@testable import livepatch_admin

/// What a scripted server knows of machines.
struct FleetAnswers: Sendable {
    var summary: FleetSummaryBody?
    var health: PatchHealthBody?
    var machines: [MachineAdministration.Line] = []
    var history: [MachineUpdate] = []
    var keepsReports = true
}

extension AnsweringServer {
    func fleetSummary(includeDownstream: Bool) async throws -> FleetSummaryBody {
        try ask("summary\(includeDownstream ? " below" : "")")
        guard let summary = answers.fleet.summary else { throw LivepatchError(.notFound, "There is no summary.") }
        return summary
    }

    func patchHealth(_ version: PatchVersion, tier: TierName?, includeDownstream: Bool) async throws -> PatchHealthBody {
        try ask("health \(tier?.description ?? "-") \(version)\(includeDownstream ? " below" : "")")
        guard let health = answers.fleet.health else { throw LivepatchError(.notFound, "There is no health.") }
        return health
    }

    func machines(
        _ query: MachineQuery, includeDownstream: Bool, after: String?, limit: Int
    ) async throws -> MachineListBody {
        let words = query.parameters.map { "\($0.name)=\($0.value)" }.joined(separator: " ")
        try ask("machines \(words) after=\(after ?? "-") limit=\(limit)\(includeDownstream ? " below" : "")")
        let start = after.flatMap(Int.init) ?? 0
        let page = Array(answers.fleet.machines.dropFirst(start).prefix(limit))
        let end = start + page.count
        return MachineListBody(
            machines: page, next: end < answers.fleet.machines.count ? "\(end)" : nil, keepsReports: answers.fleet.keepsReports)
    }

    func machineCount(_ query: MachineQuery, includeDownstream: Bool) async throws -> MachineCountBody {
        try ask("count\(includeDownstream ? " below" : "")")
        return MachineCountBody(machines: answers.fleet.machines.count, keepsReports: answers.fleet.keepsReports)
    }

    func machine(_ reference: String, history: Int) async throws -> MachineDetailBody {
        try ask("machine \(reference) \(history)")
        guard let line = answers.fleet.machines.first else { throw LivepatchError(.notFound, "There is no machine.") }
        return MachineDetailBody(
            machine: line.machine, history: answers.fleet.history, keepsReports: answers.fleet.keepsReports)
    }

    func forgetMachines(_ body: MachineForgetBody) async throws -> MachinesForgottenBody {
        let query = body.query?.parameters.map { "\($0.name)=\($0.value)" } ?? []
        try ask("forget \((body.machines + query).joined(separator: " "))\(body.dryRun ? " dry" : "")")
        return MachinesForgottenBody(
            machines: answers.fleet.machines.count, ids: answers.fleet.machines.map(\.machine.id), dryRun: body.dryRun)
    }

    func tagMachine(_ reference: String, add: [String], remove: [String]) async throws -> Machine {
        try ask("tag \(reference) add=\(add.joined(separator: ",")) remove=\(remove.joined(separator: ","))")
        guard var machine = answers.fleet.machines.first?.machine else { throw LivepatchError(.notFound, "There is no machine.") }
        machine.tags = add
        return machine
    }
}
