import FoundationEssentials
import LivepatchKit

let fleetNoon = Date(timeIntervalSince1970: 1_717_243_200)

func tierName(_ text: String) throws -> TierName { try TierName(parsing: text) }

func machineKernel(_ version: String = "5.15.0-107.117", flavour: String = "generic") throws -> MachineKernel {
    MachineKernel(
        version: try KernelVersion(parsing: version), flavour: try Flavour(parsing: flavour),
        architecture: try Architecture(parsing: "amd64"))
}

/// A line of a tally, in short.
func line(
    _ machines: Int, tier: String = "stable", applied: String? = nil, attempted: String? = nil, _ state: PatchState = .applied,
    newest: String? = "107.1", current: Bool = false, kernel: String = "5.15.0-107.117"
) throws -> FleetTally.Line {
    FleetTally.Line(
        MachineGroup(
            tier: try tierName(tier), kernel: try machineKernel(kernel), applied: try applied.map(PatchVersion.init(parsing:)),
            attempted: try attempted.map(PatchVersion.init(parsing:)), state: state, machines: machines),
        newest: try newest.map(PatchVersion.init(parsing:)), isCurrent: current)
}

func tally(_ lines: [FleetTally.Line], failures: [FailureMessage] = []) -> FleetTally {
    FleetTally(
        machines: lines.reduce(0) { $0 + $1.machines }, current: lines.reduce(0) { $1.isCurrent ? $0 + $1.machines : $0 },
        presence: FleetPresence(hour: lines.reduce(0) { $0 + $1.machines }), lines: lines, failures: failures)
}

func failure(_ message: String, _ machines: Int, tier: String = "stable", version: String = "107.1") throws -> FailureMessage {
    FailureMessage(
        tier: try tierName(tier), version: try PatchVersion(parsing: version), state: .applyFailed, message: message,
        machines: machines)
}
