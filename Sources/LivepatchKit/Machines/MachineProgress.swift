package import FoundationEssentials

/// What a server remembers of a machine from one report to the next, and how a report changes it.
package struct MachineProgress: Hashable, Sendable {
    /// How much earlier than was known a machine may seem to have booted, in seconds: a report may be slow on its way.
    package static let bootTolerance: Double = 120

    /// What it last said.
    package var report: MachineReport?
    /// When it booted, by the server's clock.
    package var booted: Date?
    /// Since when two machines seem to use its id.
    package var sharedSince: Date?
    /// Whether its newest token was seen in use.
    package var newestTokenUsed = false

    package init() {}

    package init(_ machine: Machine) {
        report = machine.report
        booted = machine.booted
        sharedSince = machine.sharedSince
    }

    /// Goes on by a report.
    /// - Returns: the report as it is to be written.
    package mutating func take(_ report: MachineReport, from identity: MachineIdentity, at arrival: Date) -> MachineUpdate {
        let wasShared = sharedSince != nil
        let hasBootedEarlier = boot(report, at: arrival)
        let isOvertaken = !identity.isNewest && newestTokenUsed
        if identity.isNewest { newestTokenUsed = true }
        if hasBootedEarlier || isOvertaken, !wasShared { sharedSince = Timestamp.wholeSecond(arrival) }
        let isChange = self.report?.tellsSame(as: report) != true || wasShared != (sharedSince != nil)
        self.report = report
        return MachineUpdate(
            machine: identity.machine, time: arrival, report: report, isChange: isChange, booted: booted, sharedSince: sharedSince
        )
    }

    /// Notes when the machine booted, by the server's clock, whatever its own says. That only ever moves forward.
    /// - Returns: whether it seems to have booted before it did, which one machine alone cannot.
    private mutating func boot(_ report: MachineReport, at arrival: Date) -> Bool {
        guard let uptime = report.uptimeSeconds else { return false }
        let measured = Timestamp.wholeSecond(arrival.addingTimeInterval(-Double(uptime)))
        guard let known = booted, measured < known else {
            booted = measured
            return false
        }
        guard measured < known.addingTimeInterval(-Self.bootTolerance) else { return false }
        // By its own clock it is the same boot: then it is the server's clock that was set back.
        if let before = self.report?.bootTime, let now = report.bootTime,
            abs(now.timeIntervalSince(before)) <= Self.bootTolerance
        {
            booted = measured
            return false
        }
        return true
    }
}

extension MachineReport {
    /// Whether the machine's kernel, patch, state and message are those of another report: all that makes a line of its history.
    package func tellsSame(as other: MachineReport) -> Bool {
        kernel == other.kernel && patchVersion == other.patchVersion && patchState == other.patchState
            && attemptedVersion == other.attemptedVersion && message == other.message
    }
}
