import FoundationEssentials
import Logging

/// One round under way, or one look at the kernel: what is known, and how each step is done.
struct MachineRun {
    let resources: MachineAgent.Resources
    let patience: Duration
    let isDryRun: Bool
    let kernel: RunningKernel
    var memory: AgentMemory
    /// What has been fetched and inspected.
    private var obtained: (module: [UInt8], name: String)?

    /// - Parameter patience: how long to wait for a transition.
    init(_ resources: MachineAgent.Resources, patience: Duration, isDryRun: Bool) async throws {
        self.resources = resources
        self.patience = patience
        self.isDryRun = isDryRun
        kernel = try await resources.kernel.running()
        memory = try await resources.memory.memory()
        try await compareWithKernel()
    }

    /// Brings what is remembered in line with what is in the kernel.
    private mutating func compareWithKernel() async throws {
        let before = memory
        let lock = try await resources.memory.crashLock()
        let isCrash = lock.map { $0.bootID != kernel.bootID } ?? false
        if let lock, isCrash {
            memory.crashes = (memory.crashes + [lock]).suffix(AgentMemory.crashLimit)
            resources.logger.error(
                "the machine went down with a patch in its kernel",
                metadata: ["patch": "\(lock.version)", "time": "\(lock.time)"])
        }
        if var applied = memory.applied {
            let live = try await resources.kernel.livePatches().first { $0.name == applied.module }
            if applied.bootID != kernel.bootID || live == nil || live?.isEnabled == false && live?.isInTransition == false {
                if applied.bootID == kernel.bootID {
                    resources.logger.warning(
                        "somebody took the patch out of the kernel", metadata: ["patch": "\(applied.version)"])
                }
                memory.applied = nil
                memory.state = .needsCheck
                memory.message = nil
                memory.code = nil
                memory.attempted = nil
            } else if let live, live.isInTransition == false, !applied.isSettled {
                applied.isSettled = true
                memory.applied = applied
                if memory.state == .unapplied {
                    memory.state = .applied
                    memory.message = nil
                }
            }
        } else if memory.state == .applied || memory.state == .appliedWithBug {
            memory.state = .needsCheck
        }
        guard !isDryRun else { return }
        if memory != before { try await keep() }
        // Only after it is remembered elsewhere.
        if isCrash { try await resources.memory.setCrashLock(nil) }
    }

    mutating func forgetCrashes() async throws {
        memory.crashes = []
        if !isDryRun { try await keep() }
    }

    private func keep() async throws { try await resources.memory.keep(memory) }

    // MARK: A round

    mutating func carryOut() async throws -> MachineRound.Outcome {
        var round = MachineRound(
            MachineRound.Circumstances(
                kernel: kernel, applied: memory.applied, state: memory.state, crashes: memory.crashes,
                obstacle: await resources.kernel.obstacles().first, wishes: resources.wishes, isDryRun: isDryRun,
                remembered: memory.applied == nil ? try await resources.memory.view()?.offer : nil))
        var step = round.begin()
        while step != .end {
            resources.logger.debug("agent step", metadata: ["step": "\(step)"])
            if step == .report { take(round.outcome) }
            let event: MachineRound.Event
            do {
                event = try await carryOut(step)
            } catch {
                event = .failed(Self.readable(error))
            }
            step = round.next(after: event, at: resources.now())
        }
        let outcome = round.outcome
        guard !isDryRun else { return outcome }
        take(outcome)
        try await keep()
        await tidyStorage()
        return outcome
    }

    /// Remembers how the round came out so far.
    private mutating func take(_ outcome: MachineRound.Outcome) {
        memory.state = outcome.state
        memory.message = outcome.message
        memory.code = outcome.code?.rawValue
        memory.attempted = outcome.attempted
    }

    private mutating func carryOut(_ step: MachineRound.Step) async throws -> MachineRound.Event {
        switch step {
        case .checkIn: return .answered(try await checkIn())
        case .verify(nil): return .verified(try await resources.verification.verify(nil))
        case .verify(let offer?): return .verified(try await verify(offer))
        case .recall: return .verified(try await recall())
        case .obtain(let file): try await obtain(file)
        case .insert(let file): try await insert(file)
        case .follow(let file): return try await follow(file)
        case .removeReplaced(let patch, let isRevoked): return try await removeReplaced(patch, isRevoked: isRevoked)
        case .withdraw(let patch): return try await withdraw(patch)
        case .report:
            do { _ = try await checkIn() } catch {
                resources.logger.warning(
                    "the outcome could not be reported; the next check-in tells it", metadata: ["error": "\(error)"])
            }
        case .end: break
        }
        return .done
    }

    /// An error of whatever origin as one that a person can read.
    private static func readable(_ error: any Error) -> LivepatchError {
        switch error {
        case let error as LivepatchError: error
        case let busy as UpstreamBusy: busy.error
        case is CancellationError: LivepatchError(.cancelled, "It was interrupted.")
        default: LivepatchError(.internalFault, "\(error)", cause: error)
        }
    }

    // MARK: The server

    private mutating func checkIn() async throws -> CheckInAnswer {
        memory.asked = Timestamp.wholeSecond(resources.now())
        let answer: CheckInAnswer
        do {
            answer = try await resources.server.checkIn(try await report())
        } catch {
            memory.checkInFailure = Self.readable(error).description
            memory.failures += 1
            throw error
        }
        memory.answered = memory.asked
        memory.checkInFailure = nil
        memory.failures = 0
        memory.tier = answer.tier
        memory.reason = answer.reason
        memory.warnings = answer.warnings
        memory.nextCheck = Timestamp.wholeSecond(resources.now()).addingTimeInterval(Double(answer.nextCheckSeconds))
        if !isDryRun, answer.patch == nil { try await resources.memory.setView(nil) }
        await sendPings()
        return answer
    }

    /// Proves an offer, and keeps what proves it for when the server is away.
    private func verify(_ offer: CheckInAnswer.Offer) async throws -> VerifiedOffer {
        let (verified, view) = try await resources.verification.verifyAndRecord(offer)
        if !isDryRun { try await resources.memory.setView(verified.file == nil ? nil : view) }
        return verified
    }

    private func recall() async throws -> VerifiedOffer {
        guard let view = try await resources.memory.view() else {
            throw LivepatchError(.notFound, "Nothing is remembered of what the server showed.")
        }
        return try await resources.verification.verify(view)
    }

    private func report() async throws -> MachineReport {
        let uptime = try await resources.kernel.uptime()
        let applied = memory.applied.flatMap { $0.isSettled ? $0.version : nil }
        var report = MachineReport(kernel: kernel.kernel, patchState: memory.state, patchVersion: applied)
        report.cpuModel = kernel.cpuModel
        report.codename = kernel.codename
        report.kernelBuildDate = kernel.buildDate
        report.time = Timestamp.wholeSecond(resources.now())
        report.uptimeSeconds = uptime.components.seconds
        report.bootTime = report.time?.addingTimeInterval(-Double(uptime.components.seconds))
        report.attemptedVersion = memory.attempted ?? (applied == nil ? memory.applied?.version : nil)
        report.message = memory.message
        report.lastCheck = memory.answered
        report.clientVersion = resources.clientVersion
        report.cutoffDate = resources.wishes.cutoffDate
        report.patchDelaySeconds = resources.wishes.patchDelaySeconds
        return report
    }

    /// Tells a ping, or keeps it until the server can be reached.
    private mutating func ping(_ kind: MachinePing.Kind, _ version: PatchVersion, _ state: PatchState, _ message: String? = nil)
        async
    {
        memory.pings.append(
            MachinePing(
                kind, patchVersion: version, kernel: kernel.kernel, patchState: state, message: message,
                time: Timestamp.wholeSecond(resources.now())))
        memory.pings = memory.pings.suffix(AgentMemory.pingLimit)
        await sendPings()
    }

    private mutating func sendPings() async {
        while let ping = memory.pings.first {
            do {
                try await resources.server.ping(ping)
            } catch {
                let mayPass: [LivepatchError.Code] = [.serverUnreachable, .unavailable, .databaseUnavailable, .cancelled]
                resources.logger.debug("a ping was not taken", metadata: ["error": "\(error)"])
                if mayPass.contains(Self.readable(error).code) { return }
            }
            memory.pings.removeFirst()
        }
    }

    // MARK: The file

    private mutating func obtain(_ file: PatchFile) async throws {
        if try await resources.storage.length(of: file.digest) != file.length { try await fetch(file) }
        var bytes = try await content(of: file)
        if SHA256Digest(of: bytes) != file.digest {
            resources.logger.warning("a patch file was damaged on this machine's disk", metadata: ["file": "\(file.name)"])
            try await resources.storage.remove(file.digest)
            try await fetch(file)
            bytes = try await content(of: file)
        }
        guard SHA256Digest(of: bytes) == file.digest else {
            throw LivepatchError(
                .digestMismatch, "\(file.name) does not have the content that its origin released.",
                suggestion: "Look for disk errors in the kernel's log.")
        }
        let contents = try await resources.archive.contents(of: BytesReader(bytes: bytes), limits: PatchArchiveLimits())
        let inspected = try PatchInspection.inspect(contents, as: file.name)
        guard file.name.unameRelease == kernel.release else {
            throw LivepatchError(
                .patchKernelMismatch,
                "\(file.name) is for the kernel \(file.name.unameRelease), and this one is \(kernel.release).")
        }
        guard let module = contents.modules.first?.bytes else {
            throw LivepatchError(.patchModuleCount, "\(file.name) holds no kernel module.")
        }
        try resources.checkModule(module)
        obtained = (module, inspected.moduleName)
    }

    private func fetch(_ file: PatchFile) async throws {
        var asked = false
        let failure = FirstFailure()
        do {
            try await resources.transfers.run(next: {
                defer { asked = true }
                return asked ? [] : [file]
            }) { event in
                if case .failed(_, let error) = event { await failure.note(error) }
            }
        }
        if let error = await failure.error { throw error }
        try await resources.storage.synchronize()
    }

    private func content(of file: PatchFile) async throws -> [UInt8] {
        let reader = try await resources.storage.open(file.digest)
        defer { reader.close() }
        return try reader.read(at: 0, count: Int(file.length))
    }

    /// Keeps the file of the patch in the kernel, and of the one that was tried, and no other.
    private func tidyStorage() async {
        guard memory.applied?.isSettled == true, memory.attempted == nil else { return }
        do {
            let kept = memory.applied?.file.digest
            var others: [SHA256Digest] = []
            for try await content in try await resources.storage.contents() where content.digest != kept {
                others.append(content.digest)
            }
            for digest in others { try await resources.storage.remove(digest) }
            try await resources.storage.discardStaged(except: [])
        } catch {
            resources.logger.warning("what is no longer needed could not be deleted", metadata: ["error": "\(error)"])
        }
    }

    // MARK: The kernel

    private mutating func insert(_ file: PatchFile) async throws {
        guard let (module, name) = obtained else { throw LivepatchError(.internalFault, "There is no module to insert.") }
        let version = file.name.version
        let lock = CrashLock(version: version, kernel: kernel.kernel, bootID: kernel.bootID, time: resources.now())
        try await resources.memory.setCrashLock(lock)
        await ping(.before, version, .unapplied)
        let hadFaults = try await resources.kernel.hasFaults()
        do {
            try await makeRoom(for: name)
            try await resources.kernel.insert(module, named: "\(file.name)")
        } catch {
            // The machine is still here, so it did not go down.
            try await restoreCrashLock()
            throw error
        }
        let uptime = try await resources.kernel.uptime().components.seconds
        memory.applied = AppliedPatch(
            file: file, module: name, bootID: kernel.bootID, time: resources.now(), uptimeSeconds: uptime, hadFaults: hadFaults,
            pinged: [.before, .after], replaced: [memory.applied?.module].compactMap { $0 }.filter { $0 != name })
        memory.state = .unapplied
        memory.message = nil
        try await keep()
        await ping(.after, version, .unapplied)
    }

    /// The lock of the patch that is in the kernel already, if that is not proven yet.
    private func restoreCrashLock() async throws {
        var lock: CrashLock?
        if let applied = memory.applied, try await !PatchWatch.isProven(applied, uptime: resources.kernel.uptime()) {
            lock = CrashLock(version: applied.version, kernel: kernel.kernel, bootID: kernel.bootID, time: applied.time)
        }
        try await resources.memory.setCrashLock(lock)
    }

    /// Sees to it that no module of that name is loaded: an earlier version of this agent's own is taken out.
    private func makeRoom(for name: String) async throws {
        guard try await resources.kernel.hasModule(name) else { return }
        let live = try await resources.kernel.livePatches().first { $0.name == name }
        guard live?.isEnabled != true || memory.applied?.module == name else {
            throw LivepatchError(
                .kernelRefused, "A module named '\(name)' is loaded already, and not by this agent.",
                suggestion: "Unload it, or reboot; then run 'livepatch-agent refresh'.")
        }
        if live?.isEnabled == true { _ = try await takeBack(name) }
        try await unload(name)
    }

    /// Unloads a module. The kernel lets go of a patch that has left a moment later, so that it is tried for two seconds.
    private func unload(_ name: String) async throws {
        var attempts = 0
        while true {
            do {
                return try await resources.kernel.remove(name)
            } catch let error as LivepatchError where error.code == .kernelRefused && attempts < 20 {
                attempts += 1
                try await resources.clock.sleep(for: .milliseconds(100))
            }
        }
    }

    private mutating func follow(_ file: PatchFile) async throws -> MachineRound.Event {
        guard var applied = memory.applied else { throw LivepatchError(.internalFault, "There is no patch to follow.") }
        let name = applied.module
        let live = try await settled(name) { $0.isInTransition }
        guard let live, live.isEnabled else {
            // The kernel has gone back by itself, or the module never was a live patch.
            if try await resources.kernel.hasModule(name) { try? await unload(name) }
            memory.applied = nil
            try await restoreCrashLock()
            try await keep()
            throw LivepatchError(
                .kernelRefused, "The kernel took the module '\(name)', and then did not keep it as a live patch.",
                suggestion: "Look into the kernel's log (dmesg) for what it says of it.")
        }
        if live.isInTransition {
            await ping(.transition, file.name.version, .unapplied, "still in transition")
            let tasks = await resources.kernel.waitingTasks(limit: 5)
            return .waiting(tasks: tasks)
        }
        applied.isSettled = true
        applied.pinged.insert(.transition)
        memory.applied = applied
        memory.state = .applied
        try await keep()
        await ping(.transition, file.name.version, .applied)
        return .done
    }

    /// Waits while a condition holds for a live patch, as long as there is patience.
    /// - Returns: how it is then; `nil` if it has left the kernel.
    private func settled(_ name: String, while condition: (LoadedPatch) -> Bool) async throws -> LoadedPatch? {
        var pause = Duration.milliseconds(10)
        var waited = Duration.zero
        while true {
            let live = try await resources.kernel.livePatches().first { $0.name == name }
            guard let live, condition(live), waited < patience else { return live }
            try await resources.clock.sleep(for: pause)
            waited += pause
            pause = min(pause * 2, .seconds(1))
        }
    }

    private mutating func removeReplaced(_ patch: AppliedPatch, isRevoked: Bool) async throws -> MachineRound.Event {
        let name = patch.module
        // A patch whose module has the same name had to go before.
        guard name != memory.applied?.module, try await resources.kernel.hasModule(name) else { return .done }
        let live = try await resources.kernel.livePatches().first { $0.name == name }
        if live?.isEnabled == true {
            guard isRevoked else { return .done }
            if let waiting = try await takeBack(name) { return waiting }
        }
        try await unload(name)
        memory.applied?.replaced.removeAll { $0 == name }
        return .done
    }

    private mutating func withdraw(_ patch: AppliedPatch) async throws -> MachineRound.Event {
        if let waiting = try await takeBack(patch.module) { return waiting }
        do {
            try await unload(patch.module)
        } catch {
            // Its functions are no longer called; that its code stays in memory harms nobody.
            resources.logger.warning("the module of a revoked patch is still loaded", metadata: ["error": "\(error)"])
        }
        if memory.applied?.module == patch.module { memory.applied = nil }
        try await resources.memory.setCrashLock(nil)
        try await keep()
        return .done
    }

    /// Disables a live patch, and waits until no task is in its functions any more.
    /// - Returns: the event of a transition that has not ended.
    private func takeBack(_ name: String) async throws -> MachineRound.Event? {
        let live = try await resources.kernel.livePatches().first { $0.name == name }
        guard let live else { return nil }
        if live.isEnabled { try await resources.kernel.disable(name) }
        if let left = try await settled(name, while: { $0.isInTransition || $0.isEnabled }), left.isInTransition || left.isEnabled
        {
            return .waiting(tasks: await resources.kernel.waitingTasks(limit: 5))
        }
        return nil
    }

    // MARK: Watching

    mutating func watch() async throws -> Duration? {
        guard var applied = memory.applied else {
            if !memory.pings.isEmpty { await sendPings() }
            return nil
        }
        let before = memory
        let uptime = try await resources.kernel.uptime()
        if !applied.hadFaults, memory.state != .appliedWithBug, try await resources.kernel.hasFaults() {
            memory.state = .appliedWithBug
            memory.message =
                "The kernel met a fault of its own (an oops or a bug) after patch \(applied.version) was put in; see its log (dmesg)."
            resources.logger.error("the kernel met a fault after a patch was put in", metadata: ["patch": "\(applied.version)"])
        }
        for name in applied.replaced where applied.isSettled {
            guard try await resources.kernel.livePatches().first(where: { $0.name == name })?.isEnabled != true else { continue }
            if try await resources.kernel.hasModule(name) {
                do { try await resources.kernel.remove(name) } catch { continue }
            }
            applied.replaced.removeAll { $0 == name }
        }
        for kind in PatchWatch.due(applied, uptime: uptime) {
            applied.pinged.insert(kind)
            await ping(kind, applied.version, memory.state, memory.message)
        }
        memory.applied = applied
        if memory != before { try await keep() }
        let lock = try await resources.memory.crashLock()
        if PatchWatch.isProven(applied, uptime: uptime) {
            if lock != nil { try await resources.memory.setCrashLock(nil) }
        } else if lock == nil {
            try await restoreCrashLock()
        }
        if !applied.isSettled { return .seconds(10) }
        return PatchWatch.next(applied, uptime: uptime)
    }
}

/// The first thing that went wrong.
private actor FirstFailure {
    private(set) var error: LivepatchError?

    func note(_ error: LivepatchError) { self.error = self.error ?? error }
}

/// Bytes in memory, for whoever reads content.
private struct BytesReader: StoredContentReader {
    let bytes: [UInt8]
    var length: Int64 { Int64(bytes.count) }

    func read(at offset: Int64, count: Int) -> [UInt8] {
        guard offset >= 0, offset < length else { return [] }
        return Array(bytes[Int(offset)...].prefix(max(0, count)))
    }

    func close() {}
}
