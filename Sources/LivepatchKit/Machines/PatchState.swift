/// What became of patching, in the words in which machines report it.
public enum PatchState: String, Sendable, CaseIterable {
    /// The newest patch that the machine may have is applied.
    case applied
    /// The patch could not be applied.
    case applyFailed = "apply-failed"
    /// No patch is applied, although there is one.
    case unapplied
    /// The machine has not asked yet.
    case needsCheck = "needs-check"
    /// There is no patch for this machine.
    case nothingToApply = "nothing-to-apply"
    case unknown
    /// The machine asked, and got no answer that it could use.
    case checkFailed = "check-failed"
    /// Applied, and known to be bad: it was revoked, and cannot be taken back without a reboot.
    case appliedWithBug = "applied-with-bug"
    /// The kernel gets no more patches; a newer one does.
    case kernelUpgradeRequired = "kernel-upgrade-required"
}

extension PatchState {
    /// Whether something went wrong.
    public var isFailure: Bool { [.applyFailed, .checkFailed, .appliedWithBug].contains(self) }
}

/// A word that this release does not know stands for ``unknown``: a newer machine is not refused for it.
extension PatchState: Codable {
    public init(from decoder: any Decoder) throws {
        self = PatchState(rawValue: try decoder.singleValueContainer().decode(String.self)) ?? .unknown
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(rawValue)
    }
}
