public import LivepatchKit

/// `GET /v1/api/kernels/supported`, in the form that Canonical's client reads.
public struct KernelSupportBody: Hashable, Sendable, Codable {
    public let supported: KernelSupportStatus

    private enum CodingKeys: String, CodingKey {
        case supported = "Supported"
    }

    public init(supported: KernelSupportStatus) { self.supported = supported }
}

/// `GET /v1/admin/kernels/coverage`
public struct CoverageBody: Hashable, Sendable, Codable {
    /// This server's own entries.
    public let local: [KernelCoverage]
    /// The upstream's at the last sync, those included that an own entry takes the place of.
    public let upstream: [KernelCoverage]

    public init(_ table: CoverageTable) {
        local = table.local
        upstream = table.upstream
    }
}

/// `POST /v1/admin/kernels/coverage`
public struct CoverageChangeBody: Hashable, Sendable, Codable {
    public let change: CoverageChange
    /// Whether it is only planned.
    public let dryRun: Bool

    public init(change: CoverageChange, dryRun: Bool) {
        self.change = change
        self.dryRun = dryRun
    }
}

/// The answer to a change of the coverage table.
public struct CoverageChangeResultBody: Hashable, Sendable, Codable {
    public let plan: CoveragePlan
    /// The change's number in the history; `nil` if nothing was changed.
    public let change: Int64?

    /// What `If-Match` takes to have exactly this plan carried out; `nil` if something was.
    public let mark: String?

    public init(plan: CoveragePlan, change: Int64?, mark: String? = nil) {
        self.plan = plan
        self.change = change
        self.mark = mark
    }
}
