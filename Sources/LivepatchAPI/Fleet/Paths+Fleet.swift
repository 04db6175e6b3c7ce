public import LivepatchKit

// What downstreams report, and what administrators ask about machines as a whole.
extension Paths {
    /// `POST` with a sync token: a deployment's machines in numbers, and those of the deployments below it.
    public static let fleetReport = "/v1/sync/fleet-report"
    /// `POST` with a sync token: a page of machines' reports, as JSON lines.
    public static let machineReports = "/v1/sync/machine-reports"

    /// `GET`: the fleet at a glance.
    public static let fleetSummary = "/v1/admin/fleet/summary"
    /// `GET`: how a patch version does on machines.
    public static let patchHealthTemplate = "/v1/admin/fleet/health/{version}"
    public static func patchHealth(_ version: PatchVersion) -> String {
        "/v1/admin/fleet/health/\(segment(version.description))"
    }

    /// `GET`: machines, page by page.
    public static let machines = "/v1/admin/machines"
    /// `GET`: how many machines there are.
    public static let machineCount = "/v1/admin/machine-count"
    /// `POST`: forgets machines.
    public static let machineForget = "/v1/admin/machine-forget"
    /// `GET`: a machine with its history; it is named by its own id, its hash, or the beginning of the hash.
    public static let administeredMachineTemplate = "/v1/admin/machines/{machine}"
    public static func administeredMachine(_ reference: String) -> String { "\(machines)/\(segment(reference))" }
    /// `POST`: gives a machine labels, and takes them away.
    public static let machineTagsTemplate = "/v1/admin/machines/{machine}/tags"
    public static func machineTags(_ reference: String) -> String { "\(administeredMachine(reference))/tags" }
}
