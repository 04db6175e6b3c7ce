public import FoundationEssentials

/// What a machine does from one check-in to its end, decided without doing any of it: events go in, steps come out.
///
/// check in → verify what is offered → obtain and inspect it → insert → follow the transition → take out what it replaces → report.
/// Whatever fails ends in a state and a sentence. What was revoked is taken back, whether or not there is something in its place.
public struct MachineRound: Sendable {
    /// What a round begins with.
    public struct Circumstances: Sendable {
        public let kernel: RunningKernel
        /// The patch that is in the kernel now.
        public let applied: AppliedPatch?
        /// The state that the last round ended in.
        public let state: PatchState
        /// What the machine went down with before.
        public let crashes: [CrashLock]
        /// Why the kernel cannot be patched from here.
        public let obstacle: LivepatchError?
        public let wishes: MachineWishes
        /// Whether everything but the insertion, or taking back, is to be done.
        public let isDryRun: Bool
        /// What the server offered when it was last there.
        public let remembered: CheckInAnswer.Offer?

        public init(
            kernel: RunningKernel, applied: AppliedPatch?, state: PatchState, crashes: [CrashLock], obstacle: LivepatchError?,
            wishes: MachineWishes, isDryRun: Bool = false, remembered: CheckInAnswer.Offer? = nil
        ) {
            self.kernel = kernel
            self.applied = applied
            self.state = state
            self.crashes = crashes
            self.obstacle = obstacle
            self.wishes = wishes
            self.isDryRun = isDryRun
            self.remembered = remembered
        }
    }

    /// What is to be done next.
    public enum Step: Hashable, Sendable {
        /// Ask the server.
        case checkIn
        /// Read the signed view, and in it the file that is offered.
        case verify(CheckInAnswer.Offer?)
        /// Prove once more what the server showed before it went away.
        case recall
        /// Fetch the file, and look into it.
        case obtain(PatchFile)
        /// Put its module into the kernel.
        case insert(PatchFile)
        /// Wait until all tasks have moved over.
        case follow(PatchFile)
        /// Take out the module of the patch that was there before, which the new one replaces; one that was revoked is taken back if
        /// the new one does not replace it.
        case removeReplaced(AppliedPatch, isRevoked: Bool)
        /// Take a revoked patch back.
        case withdraw(AppliedPatch)
        /// Tell the server what became of it.
        case report
        case end
    }

    /// What came of a step.
    public enum Event: Sendable {
        case answered(CheckInAnswer)
        case verified(VerifiedOffer)
        /// A step is done that has nothing to tell.
        case done
        /// Tasks are left that have not moved over in the time given.
        case waiting(tasks: [String])
        case failed(LivepatchError)
    }

    /// How it came out.
    public struct Outcome: Sendable {
        public var state: PatchState
        public var message: String?
        /// The kind of what went wrong.
        public var code: LivepatchError.Code?
        /// The patch version that the state is about, if that is not the one applied.
        public var attempted: PatchVersion?
        /// Why there was no answer; `nil` if there was one.
        public var checkInFailure: LivepatchError?
        public var answer: CheckInAnswer?
        /// What would have been done, if it is a dry run.
        public var wouldDo: String?
        /// What a person should know besides.
        public var notes: [String] = []
    }

    private let circumstances: Circumstances
    private var step = Step.end
    private var hint: CheckInAnswer.Offer?
    /// Whether the patch in the kernel has been revoked, and why.
    private var revocation: String?
    public private(set) var outcome: Outcome

    public init(_ circumstances: Circumstances) {
        self.circumstances = circumstances
        outcome = Outcome(state: circumstances.applied == nil ? .unapplied : .applied)
    }

    /// The first step.
    public mutating func begin() -> Step {
        step = .checkIn
        return step
    }

    /// The next step.
    /// - Parameter time: the present time.
    public mutating func next(after event: Event, at time: Date) -> Step {
        switch (step, event) {
        case (.checkIn, .failed(let error)): step = unanswered(error)
        case (.checkIn, .answered(let answer)): step = answered(answer)
        case (.verify, .failed(let error)): step = unproven(error)
        case (.verify, .verified(let offer)), (.recall, .verified(let offer)): step = verified(offer, at: time)
        case (.recall, .failed(let error)): step = forgotten(error)
        case (.obtain(let file), .failed(let error)): step = unobtained(file, error)
        case (.obtain(let file), .done): step = obtained(file)
        case (.insert(let file), .failed(let error)): step = failed(file.name.version, error)
        case (.insert(let file), .done): step = .follow(file)
        case (.follow(let file), let event): step = followed(file, event)
        case (.removeReplaced(let patch, _), let event): step = removed(patch, event)
        case (.withdraw(let patch), let event): step = withdrawn(patch, event)
        default: step = .end
        }
        // What a dry run found out changes nothing, so there is nothing to tell; without a server there is nobody to tell it to.
        if circumstances.isDryRun || outcome.checkInFailure != nil, step == .report { step = .end }
        return step
    }

    // MARK: The server

    private mutating func unanswered(_ error: LivepatchError) -> Step {
        outcome.checkInFailure = error
        outcome.state = circumstances.applied == nil ? .checkFailed : circumstances.state
        fail(error)
        // A machine that boots while its server is away gets what was proven for it before, as long as that still is.
        let isAway = [.serverUnreachable, .unavailable, .databaseUnavailable].contains(error.code)
        guard isAway, circumstances.applied == nil, let offer = circumstances.remembered,
            circumstances.kernel.kernel.isFitted(by: offer.filename)
        else { return .end }
        hint = offer
        return .recall
    }

    private mutating func forgotten(_ error: LivepatchError) -> Step {
        outcome.notes.append("What the server offered before is not put in without it: \(error.message)")
        return .end
    }

    private mutating func answered(_ answer: CheckInAnswer) -> Step {
        outcome.answer = answer
        hint = answer.patch
        // What is blocked is asked of the view, not of the answer; without a patch in the kernel it does not matter.
        return hint == nil && circumstances.applied == nil ? conclude() : .verify(hint)
    }

    private mutating func unproven(_ error: LivepatchError) -> Step {
        fail(error)
        outcome.state = circumstances.applied == nil ? .checkFailed : circumstances.state
        return .report
    }

    private mutating func verified(_ offer: VerifiedOffer, at time: Date) -> Step {
        outcome.notes += offer.notes
        if outcome.checkInFailure != nil, let hint {
            outcome.message = nil
            outcome.code = nil
            outcome.state = .unapplied
            outcome.notes.append(
                "The server is away; patch \(hint.version) is what it offered before, and that is proven still.")
        }
        if let applied = circumstances.applied { revocation = offer.blocked[applied.version] }
        guard let hint, hint.version != circumstances.applied?.version || revocation != nil else { return settled() }
        do {
            let file = try judged(hint, offer, at: time)
            if let lock = circumstances.crashes.last(where: { $0.bars(hint.version, from: circumstances.kernel) }) {
                return failed(hint.version, Self.crashed(lock))
            }
            return .obtain(file)
        } catch let error as LivepatchError {
            return refused(hint.version, error)
        } catch {
            return refused(hint.version, LivepatchError(.internalFault, "\(error)"))
        }
    }

    /// The file that is offered, if everything that is said of it is proven and this machine wants it.
    private func judged(_ hint: CheckInAnswer.Offer, _ offer: VerifiedOffer, at time: Date) throws -> PatchFile {
        func refuse(_ reason: String) -> LivepatchError {
            LivepatchError(
                .upstreamUntrusted, "The server offers \(hint.filename), \(reason).",
                suggestion:
                    "It was not taken. The server, or somebody between it and the origin, says something else than what is signed."
            )
        }
        let kernel = circumstances.kernel.kernel
        guard hint.version == hint.filename.version, kernel.isFitted(by: hint.filename) else {
            throw refuse("which is not for the running kernel \(kernel)")
        }
        if let reason = offer.blocked[hint.version] { throw refuse("which is blocked: \(reason)") }
        guard offer.offered.contains(hint.version) else { throw refuse("which the tier '\(offer.tier)' does not hold") }
        guard let file = offer.file, file.name == hint.filename else {
            throw refuse("which is not among the files that the origin released as patch \(hint.version)")
        }
        guard file.digest == hint.sha256, file.length == hint.length else {
            throw refuse("with other content (\(hint.sha256)) than the origin released (\(file.digest))")
        }
        if let applied = circumstances.applied, revocation == nil, file.name.version < applied.version {
            throw refuse("which is older than what is applied (\(applied.version))")
        }
        guard circumstances.wishes.admits(file, at: time) else {
            throw refuse("which this machine does not take yet (cutoff date or delay)")
        }
        return file
    }

    private static func crashed(_ lock: CrashLock) -> LivepatchError {
        LivepatchError(
            .patchCrashed,
            "The machine went down after patch \(lock.version) was put into its kernel at \(Timestamp.text(lock.time)), so it is not put in again.",
            suggestion:
                "Look into the logs of that boot. A newer version is taken by itself; 'livepatch-agent refresh --force' tries this one again."
        )
    }

    // MARK: The file

    private mutating func unobtained(_ file: PatchFile, _ error: LivepatchError) -> Step {
        let mayPass: [LivepatchError.Code] = [
            .upstreamUnreachable, .upstreamTimeout, .upstreamFailed, .upstreamLacks, .upstreamMoving, .cancelled, .storageFull,
        ]
        return mayPass.contains(error.code) ? refused(file.name.version, error) : failed(file.name.version, error)
    }

    private mutating func obtained(_ file: PatchFile) -> Step {
        let version = file.name.version
        if circumstances.isDryRun {
            outcome.wouldDo = "Patch \(version) would be put into the kernel (\(file.name))."
            outcome.attempted = version
            return revocation == nil ? .end : settled()
        }
        if let obstacle = circumstances.obstacle { return refused(version, obstacle) }
        return .insert(file)
    }

    // MARK: The kernel

    private mutating func followed(_ file: PatchFile, _ event: Event) -> Step {
        switch event {
        case .failed(let error): return failed(file.name.version, error)
        case .waiting(let tasks):
            outcome.state = .unapplied
            outcome.message =
                "Patch \(file.name.version) is in the kernel, and not all tasks have moved over to it yet\(Self.list(tasks))."
            return .report
        default:
            outcome.state = .applied
            if let old = circumstances.applied { return .removeReplaced(old, isRevoked: revocation != nil) }
            return .report
        }
    }

    private mutating func removed(_ patch: AppliedPatch, _ event: Event) -> Step {
        guard case .failed(let error) = event else { return .report }
        if let revocation {
            bug(patch, revocation, error)
        } else {
            outcome.notes.append("The module of patch \(patch.version) is still loaded: \(error.message)")
        }
        return .report
    }

    private mutating func withdrawn(_ patch: AppliedPatch, _ event: Event) -> Step {
        switch event {
        case .failed(let error): bug(patch, revocation ?? "it was revoked", error)
        case .waiting(let tasks):
            outcome.state = .appliedWithBug
            outcome.message =
                "Patch \(patch.version) was revoked (\(revocation ?? "no reason given")) and is being taken back, but not all tasks have moved away from it yet\(Self.list(tasks)). If that does not end, a reboot is needed."
        default:
            if outcome.state == .applied { outcome.state = .nothingToApply }
            let words = "Patch \(patch.version) was revoked (\(revocation ?? "no reason given")) and has been taken back."
            outcome.message = outcome.message.map { "\(words) \($0)" } ?? words
        }
        return .report
    }

    private mutating func bug(_ patch: AppliedPatch, _ reason: String, _ error: LivepatchError) {
        outcome.state = .appliedWithBug
        outcome.message =
            "Patch \(patch.version) was revoked (\(reason)) and cannot be taken back: \(error.message) A reboot is needed."
    }

    // MARK: Endings

    /// There is a patch, and it was not tried: it is not proven, or cannot be had now.
    private mutating func refused(_ version: PatchVersion, _ error: LivepatchError) -> Step {
        let present = circumstances.applied == nil ? .unapplied : circumstances.state
        outcome.state = error.code == .upstreamUntrusted ? .checkFailed : present
        outcome.attempted = version
        fail(error)
        return takeBackOr(.report)
    }

    private mutating func failed(_ version: PatchVersion, _ error: LivepatchError) -> Step {
        outcome.state = .applyFailed
        outcome.attempted = version
        fail(error)
        return takeBackOr(.report)
    }

    private mutating func fail(_ error: LivepatchError) {
        outcome.message = error.description
        outcome.code = error.code
    }

    /// Nothing is to be put in.
    private mutating func settled() -> Step {
        let ending = conclude()
        return takeBackOr(ending)
    }

    private mutating func takeBackOr(_ ending: Step) -> Step {
        guard let revocation, let patch = circumstances.applied else { return ending }
        if circumstances.isDryRun {
            let words = "Patch \(patch.version) was revoked (\(revocation)) and would be taken back."
            outcome.wouldDo = outcome.wouldDo.map { "\($0) \(words)" } ?? words
            return .end
        }
        if let obstacle = circumstances.obstacle {
            bug(patch, revocation, obstacle)
            return .report
        }
        return .withdraw(patch)
    }

    /// The state of a machine that has what it may have. Reported only if the server does not know it yet.
    private mutating func conclude() -> Step {
        let answer = outcome.answer
        if let applied = circumstances.applied {
            // A fault that the kernel met with the patch stays a fault until the next boot.
            let keeps = circumstances.state == .appliedWithBug || !applied.isSettled
            outcome.state = keeps ? circumstances.state : .applied
        } else {
            switch answer?.reason {
            case .contentMissing: outcome.state = .unapplied
            default: outcome.state = .nothingToApply
            }
            outcome.message = answer?.message
        }
        if answer?.reason == .kernelUpgradeRequired || answer?.reason == .kernelEndOfLife {
            outcome.state = .kernelUpgradeRequired
            outcome.message = answer?.message
        }
        return outcome.state == circumstances.state ? .end : .report
    }

    private static func list(_ tasks: [String]) -> String { tasks.isEmpty ? "" : ": \(tasks.joined(separator: ", "))" }
}

/// What a machine's owner wants of patches.
public struct MachineWishes: Hashable, Sendable, Codable {
    /// No patch that its origin released after this.
    public var cutoffDate: Date?
    /// No patch that its origin released less than this ago, in seconds, 0 or more.
    public var patchDelaySeconds: Int64?

    public init(cutoffDate: Date? = nil, patchDelaySeconds: Int64? = nil) {
        self.cutoffDate = cutoffDate
        self.patchDelaySeconds = patchDelaySeconds
    }

    /// Whether the machine takes a file.
    public func admits(_ file: PatchFile, at time: Date) -> Bool {
        if let cutoffDate, file.released > cutoffDate { return false }
        if let patchDelaySeconds, file.released.addingTimeInterval(Double(patchDelaySeconds)) > time { return false }
        return true
    }
}
