public import FoundationEssentials

/// What a machine says of itself at each check-in (the body of `POST /v1/client/{machine-id}/updates`).
///
/// A member that this release does not know is ignored. Texts are cut to ``textLimit`` bytes when they are kept.
public struct MachineReport: Hashable, Sendable, Codable {
    /// The longest text that is kept, in bytes of UTF-8.
    public static let textLimit = 1024

    public var kernel: MachineKernel
    public var cpuModel: String?
    /// When the machine booted, by its own clock.
    public var bootTime: Date?
    /// How long it has been running, sleep included, in seconds, 0 or more. With the time of arrival it says when the machine booted,
    /// whatever its clock says.
    public var uptimeSeconds: Int64?
    /// When the report was made, by the machine's own clock.
    public var time: Date?
    /// The patch version that is applied; `nil` for none.
    public var patchVersion: PatchVersion?
    public var patchState: PatchState
    /// The patch version that the state is about, if that is not the one applied: one that failed.
    public var attemptedVersion: PatchVersion?
    /// What went wrong, in the machine's words.
    public var message: String?
    /// When the machine last got an answer.
    public var lastCheck: Date?
    /// The client's name and version: `livepatch-agent/0.1.0`.
    public var clientVersion: String?
    /// When the running kernel was built.
    public var kernelBuildDate: Date?
    /// The distribution's codename: `jammy`.
    public var codename: String?
    /// The machine takes no patch that its origin released after this.
    public var cutoffDate: Date?
    /// The machine takes no patch that its origin released less than this ago, in seconds, 0 or more.
    public var patchDelaySeconds: Int64?

    public init(kernel: MachineKernel, patchState: PatchState, patchVersion: PatchVersion? = nil) {
        self.kernel = kernel
        self.patchState = patchState
        self.patchVersion = patchVersion
    }
}
