import FoundationEssentials

// What becomes of machines, decided from what is known of them alone: every store keeps to it.

extension MachineReport {
    /// This report as a store keeps it: its times to the second.
    package var stored: MachineReport {
        var report = self
        report.bootTime = bootTime.map(Timestamp.wholeSecond)
        report.time = time.map(Timestamp.wholeSecond)
        report.lastCheck = lastCheck.map(Timestamp.wholeSecond)
        report.kernelBuildDate = kernelBuildDate.map(Timestamp.wholeSecond)
        report.cutoffDate = cutoffDate.map(Timestamp.wholeSecond)
        return report
    }

    /// Whether the machine is in the state of another report: which patch on which kernel, and what became of it.
    package func isInState(of other: MachineReport) -> Bool {
        kernel == other.kernel && patchVersion == other.patchVersion && patchState == other.patchState
            && attemptedVersion == other.attemptedVersion
    }
}

extension MachineUpdate {
    /// This update as a store keeps it: its times to the second.
    package var stored: MachineUpdate {
        var update = self
        update.time = Timestamp.wholeSecond(time)
        update.report = report.stored
        update.booted = booted.map(Timestamp.wholeSecond)
        update.sharedSince = sharedSince.map(Timestamp.wholeSecond)
        return update
    }
}

extension Machine {
    /// Goes on by an update. That two machines use its id is known until it registers anew; an update from before does not bring it
    /// back.
    package mutating func take(_ update: MachineUpdate, keepsReport: Bool) {
        lastSeen = update.time
        booted = update.booted ?? booted
        if let since = update.sharedSince, since >= registered { sharedSince = since }
        if !keepsReport {
            report = nil
            stateSince = nil
        } else {
            if report.map({ !$0.isInState(of: update.report) }) ?? true { stateSince = update.time }
            report = update.report
        }
    }
}

extension MachineQuery {
    /// The digits of ``idPrefix``; `nil` if it is none, empty if they fit no id.
    package var idDigits: String?? {
        guard let idPrefix else { return .none }
        let digits = idPrefix.lowercased()
        guard digits.utf8.count <= 64, digits.wholeMatch(of: /[0-9a-f]*/) != nil else { return .some(nil) }
        return digits
    }

    /// Whether a machine is meant.
    package func admits(_ machine: Machine) -> Bool {
        func fits<Value: Equatable>(_ wanted: Value?, _ value: Value?) -> Bool { wanted == nil || wanted == value }
        switch idDigits {
        case .none: break
        case .some(nil): return false
        case .some(let digits?): guard machine.id.description.hasPrefix(digits) else { return false }
        }
        let report = machine.report
        guard fits(tier, machine.tier), fits(authToken, machine.authToken), fits(kernel, report?.kernel.version),
            fits(flavour, report?.kernel.flavour), fits(architecture, report?.kernel.architecture)
        else { return false }
        if let patchVersion, report?.patchVersion != patchVersion, report?.attemptedVersion != patchVersion { return false }
        if !states.isEmpty, !(report.map { states.contains($0.patchState) } ?? false) { return false }
        if let silentSince, let seen = machine.lastSeen, seen >= silentSince { return false }
        if let seenSince, !(machine.lastSeen.map { $0 >= seenSince } ?? false) { return false }
        if shared, machine.sharedSince == nil { return false }
        return tags.allSatisfy(machine.tags.contains)
    }
}
