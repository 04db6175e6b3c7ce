public import FoundationEssentials

/// What is known of kernels besides the patches for them: asked about a kernel that no patch fits.
public protocol KernelSupport: Sendable {
    /// Why no patch will come for that kernel.
    /// - Parameters:
    ///   - buildDate: when the kernel was built, as far as its machine said.
    ///   - codename: the machine's distribution (`jammy`), as far as it said.
    /// - Returns: `nil` if nothing speaks against it: the kernel is covered, or nobody knows.
    func obstacle(to kernel: MachineKernel, buildDate: Date?, codename: String?, at time: Date) async throws -> KernelObstacle?
}

/// Why no patch will come for a kernel.
public struct KernelObstacle: Hashable, Sendable {
    /// ``CheckInAnswer/Reason/kernelEndOfLife`` or ``CheckInAnswer/Reason/kernelUpgradeRequired``.
    public let reason: CheckInAnswer.Reason
    /// The reason in one or two sentences: what to upgrade to, since when nothing comes.
    public let message: String

    public init(_ reason: CheckInAnswer.Reason, _ message: String) {
        self.reason = reason
        self.message = message
    }
}
