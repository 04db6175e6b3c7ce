public import FoundationEssentials

/// A sign of life around the application of a patch (the body of `POST /v1/client/{machine-id}/pings`).
public struct MachinePing: Hashable, Sendable, Codable {
    public enum Kind: String, Sendable, Codable, CaseIterable {
        /// Before the module is inserted, and after.
        case before = "before-insertion"
        case after = "after-insertion"
        /// While tasks move over to the patched functions.
        case transition
        case oneMinute = "1m"
        case fiveMinutes = "5m"
        case fifteenMinutes = "15m"
    }

    public var pingType: Kind
    public var patchVersion: PatchVersion
    public var kernel: MachineKernel
    public var patchState: PatchState
    public var message: String?
    /// By the machine's own clock.
    public var time: Date?

    public init(
        _ pingType: Kind, patchVersion: PatchVersion, kernel: MachineKernel, patchState: PatchState, message: String? = nil,
        time: Date? = nil
    ) {
        self.pingType = pingType
        self.patchVersion = patchVersion
        self.kernel = kernel
        self.patchState = patchState
        self.message = message
        self.time = time
    }
}
