public import FoundationEssentials

/// Takes what machines report, and tells them which patch to have.
///
/// An answer is made from memory. One that acknowledges a change of the machine's state is given only after that change is durable.
public struct CheckIn: Sendable {
    /// How far a machine's clock may be off without a word about it, in seconds.
    static let clockTolerance: Double = 300

    private let tiers: TierStateCache
    private let offers: OfferIndex
    private let memory: MachineMemory
    private let batcher: ReportBatcher
    private let support: (any KernelSupport)?
    private let url: @Sendable (PatchFileName) -> String
    private let interval: Duration
    private let jitter: @Sendable () -> Double

    /// - Parameters:
    ///   - support: asked about a kernel that no patch fits.
    ///   - url: where a patch file is: a URL, or a path on this server.
    ///   - interval: the usual time from one check-in to the next (`server.check-in-interval`).
    ///   - jitter: makes a random number from 0 to 1 for each answer.
    public init(
        tiers: TierStateCache, offers: OfferIndex, memory: MachineMemory, batcher: ReportBatcher,
        support: (any KernelSupport)? = nil, url: @escaping @Sendable (PatchFileName) -> String, interval: Duration,
        jitter: @escaping @Sendable () -> Double = { Double.random(in: 0...1) }
    ) {
        self.tiers = tiers
        self.offers = offers
        self.memory = memory
        self.batcher = batcher
        self.support = support
        self.url = url
        self.interval = interval
        self.jitter = jitter
    }

    /// Answers a check-in.
    /// - Parameters:
    ///   - identity: whose token came with the report, as ``MachineAuthority`` decided.
    ///   - revision: the revision that the decision was made as; `nil` to read it.
    ///   - arrival: the server's time at which the request came.
    /// - Throws: ``LivepatchError`` with the code `database-unavailable` if a change of the machine's state cannot be kept (it is tried
    ///   again by itself), or the catalogue cannot be read.
    public func answer(
        _ report: MachineReport, from identity: MachineIdentity, as revision: CatalogRevision? = nil, at arrival: Date
    ) async throws -> CheckInAnswer {
        let (report, cut) = report.cut()
        let (state, revision) = try await current(revision)
        let candidates = try await offers.candidates(for: report.kernel, in: state, as: revision)
        var answer = offer(to: report, from: identity, among: candidates, in: state, as: revision, at: arrival)
        if answer.reason == .kernelUnknown, let support {
            let obstacle = try await support.obstacle(
                to: report.kernel, buildDate: report.kernelBuildDate, codename: report.codename, at: arrival)
            if let obstacle {
                answer.reason = obstacle.reason
                answer.message = obstacle.message
            }
        }
        let (ticket, sharedSince) = try await memory.advance(identity.machine) { progress in
            let update = progress.take(report, from: identity, at: arrival)
            return (try batcher.enqueue(update), update.sharedSince)
        }
        answer.warnings = Self.warnings(report, cut: cut, sharedSince: sharedSince, at: arrival)
        try await batcher.settle(ticket)
        return answer
    }

    /// Answers a check-in that changes nothing, if that takes nothing but memory, for whoever cannot wait.
    /// - Parameters:
    ///   - revision: one that has just been read.
    ///   - admit: asked once it is sure that there is an answer; `false` to do nothing.
    /// - Returns: what ``answer(_:from:as:at:)`` says, and ``knows(_:as:)``. `nil` if they have to be asked; then nothing was done.
    public func answerAtOnce(
        _ report: MachineReport, from identity: MachineIdentity, as revision: CatalogRevision, at arrival: Date,
        admit: () -> Bool
    ) -> (answer: CheckInAnswer, isKernelKnown: Bool)? {
        let (report, cut) = report.cut()
        guard let (state, revision) = tiers.remembered(as: revision),
            let candidates = offers.remembered(for: report.kernel, as: revision)
        else { return nil }
        var answer = offer(to: report, from: identity, among: candidates, in: state, as: revision, at: arrival)
        guard answer.reason != .kernelUnknown || support == nil else { return nil }
        let taken = memory.advanceAtOnce(identity.machine) { progress -> MachineUpdate? in
            let update = progress.take(report, from: identity, at: arrival)
            guard !update.isChange, batcher.enqueueAtOnce(update, if: admit) else { return nil }
            return update
        }
        guard let taken else { return nil }
        answer.warnings = Self.warnings(report, cut: cut, sharedSince: taken.sharedSince, at: arrival)
        return (answer, !candidates.isEmpty)
    }

    /// Takes in a sign of life around the application of a patch.
    /// - Throws: as ``answer(_:from:as:at:)`` does.
    public func note(_ ping: MachinePing, from identity: MachineIdentity, at arrival: Date) async throws {
        let ticket = try await memory.advance(identity.machine) { progress in
            let (report, _) = ping.report(after: progress.report).cut()
            return try batcher.enqueue(progress.take(report, from: identity, at: arrival))
        }
        try await batcher.settle(ticket)
    }

    /// Whether some tier holds a patch for exactly that kernel.
    /// - Parameter revision: one that has just been read; `nil` to read it.
    public func knows(_ kernel: MachineKernel, as revision: CatalogRevision? = nil) async throws -> Bool {
        let (state, revision) = try await current(revision)
        return try await offers.knows(kernel, in: state, as: revision)
    }

    private func current(_ revision: CatalogRevision?) async throws -> (state: TierState, revision: CatalogRevision) {
        guard let revision else { return try await tiers.current() }
        return try await tiers.current(as: revision)
    }

    /// An answer without warnings.
    private func offer(
        to report: MachineReport, from identity: MachineIdentity, among candidates: [OfferCandidate], in state: TierState,
        as revision: CatalogRevision, at arrival: Date
    ) -> CheckInAnswer {
        var answer = CheckInAnswer(
            time: arrival, revision: revision, tier: identity.tier,
            revoked: report.patchVersion.map(state.isBlocked) ?? false, nextCheckSeconds: nextCheckSeconds())
        let selection = OfferSelection(
            tier: state.position(of: answer.tier), floor: answer.revoked ? nil : report.patchVersion, cutoff: report.cutoffDate,
            ripe: report.patchDelaySeconds.map { arrival.addingTimeInterval(-Double($0)) })
        switch selection.choose(among: candidates) {
        case .offer(let file): answer.patch = CheckInAnswer.Offer(file, url: url(file.name))
        case .none(let reason):
            answer.reason = reason
            answer.message = reason.sentence(for: report, in: answer.tier)
        }
        return answer
    }

    /// From three to five quarters of the interval, so that machines which lost their server together do not come back together.
    private func nextCheckSeconds() -> Int {
        let seconds = Double(interval.components.seconds) * (0.75 + 0.5 * min(max(jitter(), 0), 1))
        return max(1, Int(seconds.rounded()))
    }

    private static func warnings(
        _ report: MachineReport, cut: [String], sharedSince: Date?, at arrival: Date
    ) -> [CheckInAnswer.Warning] {
        var warnings: [CheckInAnswer.Warning] = []
        if let sharedSince {
            warnings.append(
                .init(
                    .machineShared,
                    "Since \(Timestamp.text(sharedSince)) two machines seem to use this machine's id or token: one may be a copy of the other. Give the copy an /etc/machine-id of its own, and attach it anew."
                ))
        }
        if let time = report.time {
            let difference = time.timeIntervalSince(arrival)
            if abs(difference) > clockTolerance {
                let amount = DurationText.text(.seconds(Int64(min(abs(difference), 1e12))))
                warnings.append(
                    .init(
                        .clockOff,
                        "The machine's clock is \(amount) \(difference > 0 ? "ahead of" : "behind") the server's (\(Timestamp.text(arrival))). Its cutoff date and patch delay are reckoned by the server's clock."
                    ))
            }
        }
        if !cut.isEmpty {
            warnings.append(
                .init(
                    .reportCut,
                    "Of the report this was too long, or could not be: \(cut.joined(separator: ", ")). A text is kept to \(MachineReport.textLimit) bytes."
                ))
        }
        return warnings
    }
}
