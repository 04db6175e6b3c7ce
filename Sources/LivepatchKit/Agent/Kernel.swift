public import FoundationEssentials

/// A machine's own kernel: which one runs, which live patches are in it, and putting one in or taking it out.
///
/// Errors are ``LivepatchError``s with the codes `kernel-unrecognized`, `kernel-refused`, `livepatch-unavailable` and
/// `permission-missing`; each says what the kernel said in words.
public protocol Kernel: Sendable {
    /// The kernel that runs, as it says itself.
    /// - Throws: ``LivepatchError`` with the code `kernel-unrecognized` if its version is not one that patches are named by.
    func running() async throws -> RunningKernel
    /// How long it has been running, sleep included.
    func uptime() async throws -> Duration
    /// Why this process cannot patch it: no right to load modules, no support for live patches; empty if nothing is in the way.
    func obstacles() async -> [LivepatchError]
    /// The live patches in it, in order of name, whoever put them there.
    func livePatches() async throws -> [LoadedPatch]
    /// Whether a module of that name is loaded, a live patch or not.
    func hasModule(_ name: String) async throws -> Bool
    /// Which of its own faults the kernel has met since it booted (an oops, a bug), whoever caused them.
    func hasFaults() async throws -> Bool
    /// The tasks that keep a transition from ending, as `name (number)`: at most so many.
    func waitingTasks(limit: Int) async -> [String]
    /// Loads a module: exactly these bytes.
    /// - Parameter name: what to call it in errors.
    func insert(_ module: [UInt8], named name: String) async throws
    /// Asks the kernel to go back to the functions that a live patch replaced; that has happened when the patch has left
    /// ``livePatches()`` or is no longer in transition.
    func disable(_ patch: String) async throws
    /// Unloads a module that nothing uses any more.
    func remove(_ module: String) async throws
}

/// The kernel that a machine runs.
public struct RunningKernel: Hashable, Sendable, Codable {
    /// What `uname -r` prints: `5.15.0-107-generic`.
    public let release: String
    /// What a patch has to fit.
    public let kernel: MachineKernel
    /// A number that every boot has anew.
    public let bootID: String
    /// The processor's name, as the kernel knows it.
    public var cpuModel: String?
    /// The distribution's codename: `jammy`.
    public var codename: String?
    /// When it was built.
    public var buildDate: Date?
    /// The command line that it was booted with.
    public var commandLine: String?

    public init(
        release: String, kernel: MachineKernel, bootID: String, cpuModel: String? = nil, codename: String? = nil,
        buildDate: Date? = nil, commandLine: String? = nil
    ) {
        self.release = release
        self.kernel = kernel
        self.bootID = bootID
        self.cpuModel = cpuModel
        self.codename = codename
        self.buildDate = buildDate
        self.commandLine = commandLine
    }
}

/// A live patch as the kernel shows it (`/sys/kernel/livepatch`).
public struct LoadedPatch: Hashable, Sendable, Codable {
    /// The name of its module.
    public let name: String
    public var isEnabled: Bool
    /// Whether tasks are still moving over to its functions, or back.
    public var isInTransition: Bool
    /// What it replaces, as `vmlinux/cmdline_proc_show`, sorted.
    public var functions: [String]

    public init(name: String, isEnabled: Bool, isInTransition: Bool, functions: [String] = []) {
        self.name = name
        self.isEnabled = isEnabled
        self.isInTransition = isInTransition
        self.functions = functions
    }
}
