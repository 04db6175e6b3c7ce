public import FoundationEssentials
public import Logging

/// Keeps one machine's kernel patched: carries out what a ``MachineRound`` decides, and watches over what was put in.
///
/// Rounds exclude each other, whichever processes they run in.
public struct MachineAgent: Sendable {
    /// What an agent works with.
    public struct Resources: Sendable {
        public var kernel: any Kernel
        public var server: any MachineServer
        public var verification: OfferVerification
        public var memory: any AgentMemoryStorage
        /// Held while a round or a look at the kernel is under way.
        public var lock: any StorageLock
        /// Where fetched patch files are kept.
        public var storage: any PatchStorage
        public var transfers: Transfers
        public var archive: any PatchArchiveReader
        /// What else a module has to stand, such as a signature by a given certificate: throws where it does not.
        public var checkModule: @Sendable (_ module: [UInt8]) throws -> Void
        public var wishes: MachineWishes
        /// The agent's name and version, for reports.
        public var clientVersion: String
        public var clock: any Clock<Duration>
        public var now: @Sendable () -> Date
        public var logger: Logger

        public init(
            kernel: any Kernel, server: any MachineServer, verification: OfferVerification, memory: any AgentMemoryStorage,
            lock: any StorageLock, storage: any PatchStorage, transfers: Transfers, archive: any PatchArchiveReader,
            checkModule: @escaping @Sendable (_ module: [UInt8]) throws -> Void = { _ in },
            wishes: MachineWishes = MachineWishes(),
            clientVersion: String, clock: any Clock<Duration> = ContinuousClock(), now: @escaping @Sendable () -> Date,
            logger: Logger = Logger(label: "agent") { _ in SwiftLogNoOpLogHandler() }
        ) {
            self.kernel = kernel
            self.server = server
            self.verification = verification
            self.memory = memory
            self.lock = lock
            self.storage = storage
            self.transfers = transfers
            self.archive = archive
            self.checkModule = checkModule
            self.wishes = wishes
            self.clientVersion = clientVersion
            self.clock = clock
            self.now = now
            self.logger = logger
        }
    }

    let resources: Resources
    /// How long a transition is waited for before it is left to the next look.
    let patience: Duration

    public init(_ resources: Resources, patience: Duration = .seconds(30)) {
        self.resources = resources
        self.patience = patience
    }

    /// One round: asks the server, and does what is to be done.
    /// - Parameters:
    ///   - force: whether a version that took the machine down is tried again.
    ///   - isDryRun: whether everything but changing the kernel is done. Nothing is remembered then.
    /// - Throws: ``LivepatchError`` with the codes `kernel-unrecognized`, `storage-busy`, and those of the state directory. What goes
    ///   wrong with the round itself is its outcome.
    public func round(force: Bool = false, isDryRun: Bool = false) async throws -> MachineRound.Outcome {
        try await resources.lock.withExclusive {
            var run: MachineRun
            do {
                run = try await MachineRun(resources, patience: patience, isDryRun: isDryRun)
            } catch let error as LivepatchError where error.code == .kernelUnrecognized {
                if !isDryRun { try await remember(error) }
                throw error
            }
            if force { try await run.forgetCrashes() }
            return try await run.carryOut()
        }
    }

    /// Remembers that nothing can be told of this kernel.
    private func remember(_ error: LivepatchError) async throws {
        var memory = try await resources.memory.memory()
        memory.state = .unknown
        memory.message = error.description
        memory.code = error.code.rawValue
        try await resources.memory.keep(memory)
    }

    /// Looks after the patch in the kernel: whether its transition has ended, whether the kernel has met faults since, and the pings
    /// that are due.
    /// - Returns: how long until there is something to look at again; `nil` if nothing is awaited.
    public func watch() async throws -> Duration? {
        try await resources.lock.withExclusive {
            var run = try await MachineRun(resources, patience: .zero, isDryRun: false)
            return try await run.watch()
        }
    }

    /// What to do when the agent is ended in an orderly way: the machine is well so far, so what follows is no crash.
    public func stop() async throws {
        try await resources.lock.withExclusive { try await resources.memory.setCrashLock(nil) }
    }
}
