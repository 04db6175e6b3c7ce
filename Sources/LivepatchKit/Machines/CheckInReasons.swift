// What machines are told, and what pings tell.

extension CheckInAnswer.Reason {
    /// The reason in words, for a machine with that report.
    func sentence(for report: MachineReport, in tier: TierName) -> String {
        let kernel = report.kernel
        return switch self {
        case .kernelUnknown: "This server knows no patch for exactly the kernel \(kernel)."
        case .kernelUpgradeRequired: "The kernel \(kernel) is too old for patches; a later build of its series gets them."
        case .kernelEndOfLife: "The kernel \(kernel) gets no more patches."
        case .notInTier: "There are patches for the kernel \(kernel), but the tier '\(tier)' holds none of them yet."
        case .appliedIsNewer:
            "The applied patch\(report.patchVersion.map { " \($0)" } ?? "") is newer than what the tier '\(tier)' holds for the kernel \(kernel)."
        case .blocked: "What the tier '\(tier)' holds for the kernel \(kernel) is blocked."
        case .cutoffDate:
            "What the tier '\(tier)' holds for the kernel \(kernel) was released after the machine's cutoff date\(report.cutoffDate.map { " (\(Timestamp.text($0)))" } ?? "")."
        case .patchDelay:
            "What the tier '\(tier)' holds for the kernel \(kernel) is younger than the machine's patch delay\(report.patchDelaySeconds.map { " (\(DurationText.text(.seconds($0))))" } ?? "")."
        case .contentMissing:
            "The content of the patch for the kernel \(kernel) is not on this server; the next sync looks for it."
        }
    }
}

extension MachinePing {
    /// What the machine would say in a report, as far as the ping tells; the rest is as it was.
    func report(after last: MachineReport?) -> MachineReport {
        var report = last ?? MachineReport(kernel: kernel, patchState: patchState)
        if report.kernel != kernel {
            report.patchVersion = nil
            report.kernelBuildDate = nil
        }
        report.kernel = kernel
        report.patchState = patchState
        report.message = message
        report.time = time
        // When the machine booted is told by a report that was made now, not by an old one.
        report.uptimeSeconds = nil
        switch patchState {
        case .applied, .appliedWithBug:
            report.patchVersion = patchVersion
            report.attemptedVersion = nil
        default:
            report.attemptedVersion = patchVersion == report.patchVersion ? nil : patchVersion
        }
        return report
    }
}
