public import LivepatchKit

// The lines of `status` as operators of the reference product know them.

extension MachineStatus {
    /// The status for a person, one particular a line: `label: value`.
    public func lines(_ text: HumanText) -> [String] {
        var lines = [
            "last check: \(text.time(memory.answered, missing: "never"))",
            "kernel: \(kernel.map { "\($0.kernel.version)-\($0.kernel.flavour)" } ?? "unknown")",
            "server check-in: \(checkIn)", "kernel state: \(kernelState)", "patch state: \(patchState)",
        ]
        if let applied { lines.append("patch version: \(applied.version)") }
        if let attempted = memory.attempted, attempted != applied?.version { lines.append("attempted version: \(attempted)") }
        lines.append("tier: \(memory.tier ?? attachment.tier)")
        lines.append("machine id: \(attachment.machine)")
        if state != .applied, let message = memory.message { lines.append("message: \(PrintableText.line(message))") }
        lines += memory.warnings.map { "warning: \(PrintableText.line($0.message))" }
        lines += obstacles.map { "note: \(PrintableText.line($0.description))" }
        if isServiceRunning == false {
            lines.append("note: The agent's service is not running, so nothing is checked by itself ('livepatch-agent run').")
        }
        return lines
    }

    /// The kernel's coverage, as the server's last answer tells it.
    public var kernelState: String {
        guard let kernel else { return "✗ unable to determine kernel support status" }
        guard memory.answered != nil else { return "⧗ the server has not said yet whether the kernel is covered" }
        let series = kernel.kernel.version.upstream.prefix(2).map(String.init).joined(separator: ".")
        return switch memory.reason {
        case .kernelUnknown: "✗ kernel is not covered by Livepatch"
        case .kernelEndOfLife: "✗ kernel is no longer covered by Livepatch"
        case .kernelUpgradeRequired: "✗ Livepatch coverage has ended; please upgrade the kernel and reboot"
        default: "✓ kernel series \(series) is covered by Livepatch"
        }
    }

    /// What became of patching.
    public var patchState: String {
        if live?.isInTransition == true { return "⧗ patching the kernel" }
        let code = memory.code.map { LivepatchError.Code(rawValue: $0) }
        switch (state, code) {
        case (.applied, _): return "✓ all applicable livepatch kernel modules applied"
        case (.nothingToApply, _):
            return "✓ no livepatches available for kernel \(kernel.map { "\($0.kernel.version)-\($0.kernel.flavour)" } ?? "")"
        case (.appliedWithBug, _): return "✗ module inserted but kernel bug detected"
        case (.kernelUpgradeRequired, _):
            return "✗ patches are no longer available for this version of the kernel, please upgrade"
        case (.applyFailed, LivepatchError.Code.patchCrashed?):
            return "✗ the livepatch caused a crash last time it was applied, check the system's logs"
        case (.applyFailed, LivepatchError.Code.patchSignatureInvalid?):
            return "✗ failed to verify the signature of the livepatch kernel module"
        case (.applyFailed, _): return "✗ the livepatch kernel module could not be applied"
        case (.unapplied, _): return "⧗ livepatches are available, but the kernel module is not yet inserted"
        case (.needsCheck, _): return "⧗ the server has not been asked yet"
        case (.checkFailed, _): return "✗ the check for livepatches failed"
        case (.unknown, _): return "✗ unknown error occurred"
        }
    }

    private var checkIn: String {
        if let failure = memory.checkInFailure { return "failed: \(PrintableText.line(failure))" }
        return memory.answered == nil ? "pending" : "succeeded"
    }

    /// What the server's own interface calls the kernel's coverage (`/v1/api/kernels/supported`).
    var supported: String {
        guard kernel != nil, memory.answered != nil else { return "unknown" }
        return switch memory.reason {
        case .kernelUnknown: "unsupported"
        case .kernelEndOfLife: "kernel-end-of-life"
        case .kernelUpgradeRequired: "kernel-upgrade-required"
        default: "supported"
        }
    }

    var checkState: String {
        memory.checkInFailure != nil ? "check-failed" : memory.answered == nil ? "needs-check" : "checked"
    }
}
