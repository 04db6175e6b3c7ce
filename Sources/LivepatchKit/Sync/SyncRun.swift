public import FoundationEssentials
public import Logging

/// Carries out what the ``SyncEngine`` says: one sync, from the head to the commit.
public struct SyncRun: Sendable {
    /// What a sync works with.
    public struct Resources: Sendable {
        public var upstream: any UpstreamServer
        public var reader: any DocumentReader
        public var catalog: any Catalog
        public var tokens: any TokenStore
        public var authTokens: any AuthTokenStore
        public var storage: any PatchStorage
        public var transfers: Transfers
        public var logger: Logger
        /// The current time.
        public var now: @Sendable () -> Date

        public init(
            upstream: any UpstreamServer, reader: any DocumentReader, catalog: any Catalog, tokens: any TokenStore,
            authTokens: any AuthTokenStore, storage: any PatchStorage, transfers: Transfers, logger: Logger,
            now: @escaping @Sendable () -> Date
        ) {
            self.upstream = upstream
            self.reader = reader
            self.catalog = catalog
            self.tokens = tokens
            self.authTokens = authTokens
            self.storage = storage
            self.transfers = transfers
            self.logger = logger
            self.now = now
        }
    }

    /// How often a sync begins anew because the upstream's documents changed while it read them.
    private static let restarts = 3

    private let request: SyncRequest
    private let resources: Resources
    private let progress: SyncProgressMeter

    /// - Parameter progress: told of how far the sync is.
    public init(_ request: SyncRequest, _ resources: Resources, progress: @escaping @Sendable (SyncProgress) -> Void) {
        self.request = request
        self.resources = resources
        self.progress = SyncProgressMeter(started: resources.now(), publish: progress)
    }

    /// Syncs once. Whatever goes wrong is in the report.
    public func run() async -> SyncReport {
        var report = SyncReport(started: Timestamp.wholeSecond(resources.now()), ended: resources.now(), result: .failed)
        var restarts = 0
        while true {
            do {
                let outcome = try await once(&report)
                report.result = outcome.result
                report.versionsAdded = outcome.added
                report.versionsChanged = outcome.changed
                report.versionsRemoved = outcome.removed
                report.notes += outcome.notes
                if outcome.result != .unchanged, let signed = await resources.reader.findings().signed {
                    report.propagationSeconds = max(0, resources.now().timeIntervalSince(signed))
                }
            } catch let error as LivepatchError where error.code == .upstreamMoving && restarts < Self.restarts {
                restarts += 1
                resources.logger.debug(
                    "the upstream changed while it was read; beginning anew", metadata: ["restart": "\(restarts)"])
                continue
            } catch {
                report.result = .failed
                report.failures.append(Self.failure(error))
            }
            break
        }
        let findings = await resources.reader.findings()
        report.notes = findings.notes + report.notes
        report.failures = findings.failures + report.failures
        let cost = await resources.reader.cost()
        report.upstream = await resources.upstream.address()
        report.documents = cost.documents
        report.documentBytes = cost.bytes
        report.ended = Timestamp.wholeSecond(resources.now())
        return report
    }

    static func failure(_ error: any Error, file: PatchFileName? = nil) -> SyncReport.Failure {
        switch error {
        case let error as LivepatchError: .init(file: file, code: error.code.rawValue, message: error.description)
        case let busy as UpstreamBusy: .init(file: file, code: busy.error.code.rawValue, message: busy.error.description)
        case is CancellationError:
            .init(
                file: file, code: LivepatchError.Code.cancelled.rawValue, message: "The sync was cancelled; the next one goes on."
            )
        default: .init(file: file, code: LivepatchError.Code.internalFault.rawValue, message: "The sync failed: \(error).")
        }
    }

    private func once(_ report: inout SyncReport) async throws -> SyncEngine.Outcome {
        await progress.begin(with: await resources.upstream.address())
        var engine = SyncEngine(request, try await situation())
        var harvest = SyncHarvest()
        var action = try engine.handle(.begin)
        while true {
            switch action {
            case .readHead(let tag):
                action = try engine.handle(.head(try await patiently { try await resources.reader.head(unless: tag) }))
            case .readRevocations(let reference):
                action = try engine.handle(
                    .revocations(try await patiently { try await resources.reader.revocations(reference) }))
            case .applyRevocations(let blocks):
                let entry = ChangeEntry(time: resources.now(), actor: ChangeRecord.upstreamActor, action: "sync of blocks")
                try await resources.catalog.applyRevocations(blocks, entry: entry)
                action = try engine.handle(.revocationsApplied(try await situation()))
            case .readTierList(let reference):
                action = try engine.handle(.tierList(try await patiently { try await resources.reader.tiers(reference) }))
            case .readTiers(let entries):
                var documents: [TierDocument] = []
                for entry in entries {
                    documents.append(try await patiently { try await resources.reader.tier(entry.name, entry.document) })
                }
                action = try engine.handle(.tiers(documents, await resources.reader.findings()))
            case .readCoverage(let reference):
                action = try engine.handle(.coverage(try await patiently { try await resources.reader.coverage(reference) }))
            case .work(let work):
                harvest = try await SyncWorker(work: work, resources: resources, progress: progress).run { partial in
                    report.files = partial.files
                    report.bytes = partial.bytes
                    report.skipped = partial.skipped
                }
                if harvest.filtered > 0 {
                    report.notes.append("\(harvest.filtered) files were left out by filters on the route.")
                }
                if !harvest.awaited.isEmpty {
                    let count = harvest.awaited.count
                    report.notes.append(
                        "The content of \(count) file\(count == 1 ? "" : "s") (\(harvest.awaitedBytes) bytes) is fetched when it is first asked for."
                    )
                }
                report.failures = harvest.failures
                action = try engine.handle(.worked(harvest, try await situation()))
            case .commit(let commit):
                await progress.enter(.committing)
                do {
                    try await self.commit(commit)
                    action = try engine.handle(.committed)
                } catch let error as LivepatchError where error.code == .catalogueChanged {
                    action = try engine.handle(.worked(harvest, try await situation()))
                }
            case .finish(let outcome):
                return outcome
            }
        }
    }

    private func commit(_ commit: SyncCommit) async throws {
        var commit = commit
        commit.entry = ChangeEntry(time: resources.now(), actor: commit.entry.actor, action: commit.entry.action)
        if let reason = commit.snapshotReason {
            resources.logger.warning(
                "\(reason); this replaces the tiers and memberships of this server",
                metadata: ["tiers": "\(commit.tiers.map(\.description).joined(separator: ","))"])
        }
        // Nobody may be told of content that a power failure could still take away.
        try await resources.storage.synchronize()
        try await resources.catalog.commit(commit)
    }

    private func situation() async throws -> SyncSituation {
        let (tiers, revision) = try await resources.catalog.tierState()
        let now = resources.now()
        let versions = try await resources.catalog.versions().map { record in
            let version = SyncSituation.Version(
                source: record.source, document: record.document, isWhole: record.available == record.files,
                isAwaited: record.awaited != nil)
            return (record.version, version)
        }
        let tokens = try await resources.tokens.syncTokens().filter { $0.isUsable(at: now) }.map { ($0.name, $0.tier) }
        let authTokens = try await resources.authTokens.authTokens().map(\.token).filter { $0.holdsTier(at: now) }
            .map { ($0.id, $0.tier) }
        return SyncSituation(
            revision: revision, sync: try await resources.catalog.syncState(), tiers: tiers,
            versions: Dictionary(uniqueKeysWithValues: versions), tokens: Dictionary(tokens) { first, _ in first },
            authTokens: Dictionary(authTokens) { first, _ in first })
    }

    /// Documents are small: a few quick attempts, then the sync has failed and the next one tries again.
    private func patiently<Value: Sendable>(_ read: () async throws -> Value) async throws -> Value {
        try await resources.transfers.patiently(read)
    }
}
