/// A sync as a pure state machine: it is told what happened, and says what to do next. It reads nothing, waits for nothing and knows
/// no clock; ``SyncRun`` carries out what it says.
///
///     head → revocations → (apply) → tiers → each tier's versions → coverage → work → commit
///
/// Until the commit nobody sees anything of the sync, except for blocks, which are applied before anything else is asked for.
public struct SyncEngine: Sendable {
    /// What to do next. Every action but ``finish(_:)`` is answered with the event that belongs to it.
    public enum Action: Sendable {
        case readHead(unless: String?)
        case readRevocations(DocumentReference)
        case applyRevocations([Block])
        case readTierList(DocumentReference)
        case readTiers([TierListDocument.Entry])
        case readCoverage(DocumentReference)
        /// Look at these files, and fetch what is missing.
        case work(SyncWork)
        /// Switch the catalogue. If it has changed since the situation was taken, take it anew and repeat the `worked` event.
        case commit(SyncCommit)
        case finish(Outcome)
    }

    /// What happened.
    public enum Event: Sendable {
        case begin
        case head(HeadReading)
        case revocations(RevocationsDocument)
        /// Blocks are applied; the catalogue as it is now.
        case revocationsApplied(SyncSituation)
        case tierList(TierListDocument)
        /// What the tiers offer, and what was found out while the view was read.
        case tiers([TierDocument], ReadingFindings = ReadingFindings())
        case coverage(CoverageDocument)
        /// The work is done; the catalogue as it is now.
        case worked(SyncHarvest, SyncSituation)
        case committed
    }

    /// How a sync ended that was not interrupted by an error.
    public struct Outcome: Hashable, Sendable {
        public var result: SyncReport.Result
        public var added: [PatchVersion] = []
        public var changed: [PatchVersion] = []
        public var removed: [PatchVersion] = []
        public var notes: [String] = []
    }

    private enum State {
        case idle, readingHead
        case readingRevocations(Head, String), applyingRevocations(Head, String, RevocationsDocument)
        case readingTierList(UpstreamView), readingTiers(UpstreamView), readingCoverage(UpstreamView)
        case working(UpstreamView), committing(UpstreamView, Outcome, SyncHarvest)
        case finished
    }

    private let request: SyncRequest
    private var situation: SyncSituation
    private var state = State.idle

    public init(_ request: SyncRequest, _ situation: SyncSituation) {
        self.request = request
        self.situation = situation
    }

    /// - Throws: ``LivepatchError`` where the sync must not go on: it has failed, and the catalogue is as it was.
    /// - Precondition: the event answers the last action.
    public mutating func handle(_ event: Event) throws -> Action {
        switch (state, event) {
        case (.idle, .begin):
            state = .readingHead
            return .readHead(unless: knownTag)
        case (.readingHead, .head(.unchanged)):
            return finish(Outcome(result: .unchanged))
        case (.readingHead, .head(.head(let head, let tag))):
            return try take(head, tag)
        case (.readingRevocations(let head, let tag), .revocations(let document)):
            state = .applyingRevocations(head, tag, document)
            return .applyRevocations(document.blocks.filter { $0.deployment != request.deployment })
        case (.applyingRevocations(let head, let tag, let document), .revocationsApplied(let situation)):
            self.situation = situation
            let view = UpstreamView(
                head: head, tag: tag, blocked: Set(document.blocks.map(\.version)), tiers: [], members: [:])
            state = .readingTierList(view)
            return .readTierList(head.tiers)
        case (.readingTierList(let view), .tierList(let document)):
            return try take(document, view)
        case (.readingTiers(var view), .tiers(let documents, let findings)):
            view.findings = findings
            return try take(documents, view)
        case (.readingCoverage(var view), .coverage(let document)):
            view.coverage = document.entries
            state = .working(view)
            return .work(work(for: view))
        case (.working(let view), .worked(let harvest, let situation)),
            (.committing(let view, _, _), .worked(let harvest, let situation)):
            self.situation = situation
            return commit(view, harvest)
        case (.committing(_, let outcome, _), .committed):
            return finish(outcome)
        default:
            preconditionFailure("a sync in the state \(state) cannot be told \(event)")
        }
    }

    // MARK: Steps

    /// The tag that a sync may stop at: that of a complete sync with the same wishes.
    private var knownTag: String? {
        guard let basis = situation.sync.basis, basis.filter == request.filter, basis.mirrorsTiers == request.mirrorsTiers,
            basis.readsCoverage == true, request.mode == .onDemand || basis.mode != .onDemand
        else { return nil }
        return basis.tag
    }

    private mutating func take(_ head: Head, _ tag: String) throws -> Action {
        _ = try head.route.extended(by: request.deployment)
        state = .readingRevocations(head, tag)
        return .readRevocations(head.revocations)
    }

    private mutating func take(_ document: TierListDocument, _ view: UpstreamView) throws -> Action {
        let names = document.tiers.map(\.name)
        guard names.first == view.head.tier, Set(names).count == names.count else {
            throw malformed(
                "its list of tiers (\(names.map(\.description).joined(separator: ", "))) does not begin with the token's tier '\(view.head.tier)', or names one twice"
            )
        }
        var view = view
        view.tiers = document.tiers
        state = .readingTiers(view)
        // Without sync-tiers only membership of the token's own tier matters here.
        return .readTiers(request.mirrorsTiers ? document.tiers : Array(document.tiers.prefix(1)))
    }

    private mutating func take(_ documents: [TierDocument], _ view: UpstreamView) throws -> Action {
        var view = view
        view.members = Dictionary(uniqueKeysWithValues: documents.map { ($0.tier, $0) })
        var outer: [PatchVersion: DocumentReference]?
        for document in view.tiers.compactMap({ view.members[$0.name] }) {
            let inner = Dictionary(document.versions.map { ($0.version, $0.document) }) { first, _ in first }
            guard inner.count == document.versions.count else { throw malformed("tier '\(document.tier)' names a version twice") }
            if let outer, inner.contains(where: { outer[$0.key] != $0.value }) {
                throw malformed("tier '\(document.tier)' holds what an earlier tier lacks")
            }
            outer = inner
        }
        try refuseEmptiness(view)
        if let coverage = view.head.coverage {
            state = .readingCoverage(view)
            return .readCoverage(coverage)
        }
        state = .working(view)
        return .work(work(for: view))
    }

    private mutating func commit(_ view: UpstreamView, _ harvest: SyncHarvest) -> Action {
        let (commit, outcome) = SyncSwitch(
            request: request, situation: situation, view: view, harvest: harvest, work: work(for: view)
        )
        .commit()
        state = .committing(view, outcome, harvest)
        return .commit(commit)
    }

    private mutating func finish(_ outcome: Outcome) -> Action {
        state = .finished
        return .finish(outcome)
    }

    // MARK: Decisions

    /// A sync never makes the catalogue emptier than the upstream said, and asks back if it says a lot.
    private func refuseEmptiness(_ view: UpstreamView) throws {
        let shown = view.versions
        let synced = situation.versions.filter { $0.value.source == .synced }.keys
        let held = synced.filter { !view.blocked.contains($0) && !view.findings.refused.contains($0) }
        let gone = held.filter { shown[$0] == nil }
        if shown.isEmpty, synced.isEmpty, view.withheld.isEmpty, view.findings.refused.isEmpty {
            throw LivepatchError(
                .upstreamEmpty,
                "The upstream shows nothing to this token: its tier '\(view.head.tier)' offers no patch version.",
                suggestion: "Promote a patch version to '\(view.head.tier)' on the upstream, or use a token for an earlier tier.")
        }
        guard !request.acceptsRemovals, !gone.isEmpty else { return }
        if shown.isEmpty || Double(gone.count) > request.maximumRemovalShare * Double(held.count) {
            throw LivepatchError(
                .upstreamShrunken,
                "The upstream no longer shows \(gone.count) of the \(held.count) patch versions that were synced from it (\(Self.list(gone.sorted()))); nothing was removed.",
                suggestion:
                    "If that is right, confirm it with `livepatch-admin sync trigger --accept-removals`; otherwise check the upstream and its token's tier. patch-sync.max-removal-share sets the bound."
            )
        }
    }

    private func work(for view: UpstreamView) -> SyncWork {
        let filters = view.head.filters.appending(request.filter)
        let filtersChanged =
            situation.sync.upstreamFilters != view.head.filters || situation.sync.filter != request.filter
        var work = SyncWork(changed: [], incomplete: [], filters: filters, mode: request.mode)
        for (version, document) in view.versions.sorted(by: { $0.key > $1.key }) {
            if let known = situation.versions[version], known.source == .synced, known.document == document, !filtersChanged {
                if !known.isComplete(in: request.mode) { work.incomplete.append(version) }
            } else {
                let wasImported = situation.versions[version]?.source == .imported
                work.changed.append(.init(version: version, document: document, wasImported: wasImported))
            }
        }
        return work
    }

    private func malformed(_ reason: String) -> LivepatchError {
        LivepatchError(
            .upstreamMalformed, "The upstream's answer contradicts itself: \(reason).",
            suggestion: "Nothing was changed here; the upstream's operator should know.")
    }

    static func list(_ versions: [PatchVersion]) -> String {
        let shown = versions.prefix(10).map(\.description).joined(separator: ", ")
        return versions.count > 10 ? "\(shown) and \(versions.count - 10) more" : shown
    }
}
