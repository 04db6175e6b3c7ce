public import LivepatchKit

/// How machines are served, and what is kept and told of them.
public struct MachineConfiguration: Hashable, Sendable {
    /// The usual time between two check-ins of a machine.
    public let checkInInterval: Duration
    /// Whether what machines report is kept.
    public let keepsReports: Bool
    /// How long a change that a machine reported is kept.
    public let retention: Duration
    /// How many old changes one transaction forgets at most.
    public let cleanupRowLimit: Int
    public let cleanupInterval: Duration
    /// How exactly the upstream is told numbers of machines.
    public let countStrategy: MachineCountStrategy
    /// Whether the upstream is told what each machine reported.
    public let sendsReports: Bool

    init(_ reading: inout ConfigurationReading) {
        checkInInterval = reading.value(MachineSettings.checkInInterval)
        keepsReports = reading.value(MachineSettings.historyEnabled)
        retention = .seconds(reading.value(MachineSettings.retentionDays) * 86_400)
        cleanupRowLimit = reading.value(MachineSettings.cleanupRowLimit)
        cleanupInterval = reading.value(MachineSettings.cleanupInterval)
        countStrategy = reading.value(MachineSettings.countStrategy)
        sendsReports = reading.value(MachineSettings.sendsReports)
        if sendsReports, !keepsReports {
            reading.note(
                "patch-sync.send-machine-reports is true, but machine-reports.database.enabled is not: there are no reports to send."
            )
        }
    }
}
