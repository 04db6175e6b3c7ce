public import LivepatchKit

/// `GET /v1/admin/fleet/summary`
public typealias FleetSummaryBody = FleetInquiry.Summary

/// `GET /v1/admin/fleet/health/{version}`
public typealias PatchHealthBody = FleetInquiry.Health

/// `GET /v1/admin/machines`
public struct MachineListBody: Hashable, Sendable, Codable {
    public let machines: [MachineAdministration.Line]
    /// What goes on behind the last one, as the query parameter `cursor`; `nil` at the end.
    public let next: String?
    /// Whether the server keeps what its machines report.
    public let keepsReports: Bool

    public init(machines: [MachineAdministration.Line], next: String?, keepsReports: Bool) {
        self.machines = machines
        self.next = next
        self.keepsReports = keepsReports
    }
}

/// `GET /v1/admin/machine-count`
public struct MachineCountBody: Hashable, Sendable, Codable {
    public let machines: Int
    public let keepsReports: Bool

    public init(machines: Int, keepsReports: Bool) {
        self.machines = machines
        self.keepsReports = keepsReports
    }
}

/// `GET /v1/admin/machines/{machine}`
public struct MachineDetailBody: Hashable, Sendable, Codable {
    public let machine: Machine
    /// The newest first.
    public let history: [MachineUpdate]
    public let keepsReports: Bool

    public init(machine: Machine, history: [MachineUpdate], keepsReports: Bool) {
        self.machine = machine
        self.history = history
        self.keepsReports = keepsReports
    }
}

/// `POST /v1/admin/machine-forget`
public struct MachineForgetBody: Hashable, Sendable, Codable {
    /// Machines by their own id, their hash, or the beginning of the hash.
    public let machines: [String]
    /// Which machines besides; `nil` for none.
    public let query: MachineQuery?
    /// Whether it is only told which machines are meant.
    public let dryRun: Bool

    public init(machines: [String] = [], query: MachineQuery? = nil, dryRun: Bool) {
        self.machines = machines
        self.query = query
        self.dryRun = dryRun
    }
}

/// What came, or would come, of it.
public struct MachinesForgottenBody: Hashable, Sendable, Codable {
    /// How many machines were forgotten, or would be.
    public let machines: Int
    /// The first thousand of them.
    public let ids: [HashedMachineID]
    public let dryRun: Bool

    public init(machines: Int, ids: [HashedMachineID], dryRun: Bool) {
        self.machines = machines
        self.ids = ids
        self.dryRun = dryRun
    }
}

/// `POST /v1/admin/machines/{machine}/tags`, answered with the ``Machine``.
public struct MachineTagsBody: Hashable, Sendable, Codable {
    public let add: [String]
    public let remove: [String]

    public init(add: [String], remove: [String]) {
        self.add = add
        self.remove = remove
    }
}
