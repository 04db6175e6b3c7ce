import FoundationEssentials
public import LivepatchConsole
public import LivepatchKit

extension MachineAdministration.Line: Listed {
    public static var columns: [Column] {
        [
            .whole("MACHINE"), .whole("TIER"), .whole("KERNEL"), .whole("PATCH"), .whole("STATE"), .whole("SINCE"),
            .whole("LAST SEEN"), .text("TAGS"), .text("MESSAGE"),
        ]
    }

    public var quietValue: String { machine.id.description }

    public func row(_ text: HumanText) -> [Cell] {
        [
            Cell(machine.id.short), Cell(machine.tier), Cell(machine.report?.kernel), MachineText.patch(machine.report),
            MachineText.state(machine), Cell(machine.stateSince.map { text.time($0) }),
            Cell(text.time(machine.lastSeen, missing: "never")), Cell(listing: machine.tags), Cell(machine.report?.message),
        ]
    }
}

/// A machine in a list that has machines of several deployments.
struct DeployedMachine: Listed {
    let line: MachineAdministration.Line

    init(_ line: MachineAdministration.Line) { self.line = line }

    static var columns: [Column] { [.whole("DEPLOYMENT"), .whole("AS OF")] + MachineAdministration.Line.columns }

    var quietValue: String { line.quietValue }

    func row(_ text: HumanText) -> [Cell] {
        let age = line.asOf.map { line.isStale ? Cell("\(text.time($0)), stale", .bad) : Cell(text.time($0)) } ?? Cell("now")
        return [line.deployment.map { Cell($0) } ?? Cell("this one"), age] + line.row(text)
    }

    func encode(to encoder: any Encoder) throws { try line.encode(to: encoder) }
}

/// What machines say, in cells.
enum MachineText {
    static func patch(_ report: MachineReport?) -> Cell {
        guard let report else { return Cell(nil as String?) }
        guard let attempted = report.attemptedVersion else { return Cell(report.patchVersion) }
        return Cell("\(report.patchVersion?.description ?? "none") (tried \(attempted))", .warning)
    }

    static func state(_ machine: Machine) -> Cell {
        guard let state = machine.report?.patchState else { return Cell("not heard of", .faint) }
        return machine.sharedSince == nil ? self.state(state) : Cell("\(state.rawValue), id shared", .bad)
    }

    static func state(_ state: PatchState) -> Cell {
        switch state {
        case .applied: Cell(state.rawValue, .good)
        case _ where state.isFailure: Cell(state.rawValue, .bad)
        case .nothingToApply, .needsCheck, .unknown: Cell(state.rawValue)
        default: Cell(state.rawValue, .warning)
        }
    }
}
