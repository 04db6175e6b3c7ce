public import FoundationEssentials

/// What a machine remembers from one round to the next.
public struct AgentMemory: Hashable, Sendable, Codable {
    /// The most pings that are kept until the server can be reached.
    public static let pingLimit = 32

    /// The most crashes that are remembered.
    public static let crashLimit = 16

    /// The patch that this agent has put into the kernel; it is in it only as long as the boot is the same.
    public var applied: AppliedPatch?
    public var state: PatchState = .needsCheck
    /// What went wrong, or why there is nothing.
    public var message: String?
    /// The kind of what went wrong: a ``LivepatchError/Code``.
    public var code: String?
    /// The patch version that ``state`` is about, if that is not the one applied.
    public var attempted: PatchVersion?
    /// When the server was last asked, and when it last answered.
    public var asked: Date?
    public var answered: Date?
    /// Why there was no answer the last time; `nil` if there was one.
    public var checkInFailure: String?
    /// How many times in a row there was none.
    public var failures = 0
    /// The machine's tier, and why the server had no patch.
    public var tier: TierName?
    public var reason: CheckInAnswer.Reason?
    /// What the server warned of.
    public var warnings: [CheckInAnswer.Warning] = []
    /// What the machine went down with, oldest first.
    public var crashes: [CrashLock] = []
    /// When to ask again.
    public var nextCheck: Date?
    /// Pings that could not be sent yet, oldest first.
    public var pings: [MachinePing] = []

    public init() {}
}

/// A patch that an agent has put into the kernel.
public struct AppliedPatch: Hashable, Sendable, Codable {
    public let file: PatchFile
    /// The name of its module.
    public let module: String
    /// The boot in which it was put in.
    public let bootID: String
    public let time: Date
    /// The kernel's uptime then, in seconds.
    public let uptimeSeconds: Int64
    /// Whether the kernel had met faults of its own before.
    public let hadFaults: Bool
    /// Whether all tasks have moved over.
    public var isSettled: Bool
    /// The pings that told of it, sent or waiting to be.
    public var pinged: Set<MachinePing.Kind>
    /// Patches that were in the kernel before and have not been unloaded yet.
    public var replaced: [String]

    public init(
        file: PatchFile, module: String, bootID: String, time: Date, uptimeSeconds: Int64, hadFaults: Bool,
        isSettled: Bool = false, pinged: Set<MachinePing.Kind> = [], replaced: [String] = []
    ) {
        self.file = file
        self.module = module
        self.bootID = bootID
        self.time = Timestamp.wholeSecond(time)
        self.uptimeSeconds = uptimeSeconds
        self.hadFaults = hadFaults
        self.isSettled = isSettled
        self.pinged = pinged
        self.replaced = replaced
    }

    public var version: PatchVersion { file.name.version }
}

/// What is written before a module is put into the kernel, and taken away when the machine has been well with it for a quarter of an
/// hour: if it is still there after a boot, the machine went down with that module.
public struct CrashLock: Hashable, Sendable, Codable {
    public let version: PatchVersion
    public let kernel: MachineKernel
    public let bootID: String
    public let time: Date

    public init(version: PatchVersion, kernel: MachineKernel, bootID: String, time: Date) {
        self.version = version
        self.kernel = kernel
        self.bootID = bootID
        self.time = Timestamp.wholeSecond(time)
    }

    /// Whether it keeps a patch out of a kernel: the machine went down with exactly that one in exactly that one.
    func bars(_ version: PatchVersion, from kernel: RunningKernel) -> Bool {
        self.version == version && self.kernel == kernel.kernel && bootID != kernel.bootID
    }
}

/// Where a machine's memory is kept. What has been written is on the medium when the call returns.
public protocol AgentMemoryStorage: Sendable {
    /// What is remembered; an empty memory if there is none.
    func memory() async throws -> AgentMemory
    func keep(_ memory: AgentMemory) async throws
    func crashLock() async throws -> CrashLock?
    /// - Parameter lock: `nil` takes it away.
    func setCrashLock(_ lock: CrashLock?) async throws
    /// What the server showed when an offer was last proven.
    func view() async throws -> RecordedView?
    /// - Parameter view: `nil` forgets it.
    func setView(_ view: RecordedView?) async throws
}
