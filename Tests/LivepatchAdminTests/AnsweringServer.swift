import ConsoleRecording
import FoundationEssentials
import LivepatchAPI
import LivepatchHTTP
import LivepatchKit
import Synchronization

@testable import livepatch_admin

/// A server that answers as it was told, and remembers what it was asked.
final class AnsweringServer: AdministeredServer {
    struct Answers: Sendable {
        var situation = TierPlanner.Situation(
            state: TierState(), versions: [], tokens: [:], deployment: Samples.deployment)
        var nextChange: Int64 = 17
        var importing: @Sendable (String) throws -> Bool = { _ in true }
        var syncEvents: [SyncEventBody] = []
        var trace = Samples.trace
        var verification = StorageVerification()
        var refresh = StorageRefresh()
        var collection = StorageCollection()
        var prefetch = StoragePrefetch()
        var services: ServerStatusBody = ["database": ServiceStatusBody(status: "OK")]
        var trust = TrustStatus(
            deployment: Samples.deployment, time: RecordedConsole.now, repositories: [], pins: [], trustedRoots: [])
        var roots: [TrustedRoot] = []
        var coverage = CoverageTable()
        var webhooks: [WebhookSummary] = []
        var deliveries: [WebhookDelivery] = []
        var attempt = WebhookAttempt(time: RecordedConsole.now, status: 204, message: "204", milliseconds: 12)
        var rootBasis: RootBasis?
        var fleet = FleetAnswers()
        var serverTime: Date? = RecordedConsole.now
        var certificate: ServerCertificate?
        var condition = ServerCondition(
            time: RecordedConsole.now, started: RecordedConsole.now - 60,
            volumes: [.init(name: "data", freeBytes: 1 << 40, totalBytes: 2 << 40)], database: .init(bytes: 4096, damage: []),
            storage: .init(files: 2, unavailable: 0, sampled: 2, damaged: []), upstreams: [])
        var failure: LivepatchError?
    }

    private struct State {
        var asked: [String] = []
        var uploading = 0
        var mostUploading = 0
    }

    let answers: Answers
    private let state = Mutex(State())

    init(_ change: (inout Answers) -> Void = { _ in }) {
        var answers = Answers()
        change(&answers)
        self.answers = answers
    }

    /// What was asked, in order.
    var asked: [String] { state.withLock { $0.asked } }
    /// The most uploads that were under way together.
    var mostUploading: Int { state.withLock { $0.mostUploading } }

    func ask(_ words: String) throws {
        state.withLock { $0.asked.append(words) }
        if let failure = answers.failure { throw failure }
    }

    func login(user: String, password: String) async throws -> LoginBody {
        try ask("login \(user) \(password)")
        return LoginBody(token: "session-token", user: user, role: .operate, expires: RecordedConsole.now + 864_000)
    }

    func logout() async throws { try ask("logout") }

    func sessions(of user: String?, everybody: Bool) async throws -> AdminSessionsBody {
        try ask("sessions \(user ?? (everybody ? "of everybody" : "of mine"))")
        return AdminSessionsBody(sessions: [Samples.session])
    }

    func endSessions(_ body: SessionRevocationBody) async throws -> AdminSessionsBody {
        try ask("end sessions \(body.ids?.joined(separator: " ") ?? body.user ?? "of everybody")")
        return AdminSessionsBody(sessions: [Samples.session])
    }

    func currentSession() async throws -> SessionBody {
        SessionBody(user: "admin", role: .operate, expires: RecordedConsole.now + 3600)
    }

    func information() async throws -> ServerInformationBody {
        ServerInformationBody(version: "0.1.0", deployment: Samples.deployment, started: RecordedConsole.now - 60)
    }

    func status() async throws -> ServerStatusBody { answers.services }

    func serverTime() async throws -> Date? { answers.serverTime }

    func certificate() async -> ServerCertificate? { answers.certificate }

    func diagnosis() async throws -> DiagnosisBody {
        try ask("diagnosis")
        return answers.condition
    }

    func backup(_ body: BackupBody, take: ([UInt8]) async throws -> Void) async throws {
        try ask("backup")
        try await take([])
    }

    func tiers() async throws -> TierListBody {
        try ask("tiers")
        let tiers = answers.situation.state.tiers.enumerated().map { position, tier in
            TierListBody.Tier(
                name: tier, position: position, versions: answers.situation.state.offered(in: tier), blocked: [], syncTokens: [])
        }
        return TierListBody(tiers: tiers, managedBy: nil)
    }

    func tierSnapshots() async throws -> TierSnapshotsBody {
        try ask("snapshots")
        return TierSnapshotsBody(
            snapshots: [
                TierSnapshot(
                    id: 1, taken: RecordedConsole.now, reason: "sync", tiers: TierState.defaultTiers, reach: [:], unplaced: [])
            ])
    }

    func change(_ command: TierCommand, dryRun: Bool, ifMatch: String?) async throws -> ChangeResultBody {
        try ask("change \(command)\(dryRun ? " dry" : "")")
        let plan = try TierPlanner(answers.situation, now: RecordedConsole.now).plan(command)
        return ChangeResultBody(plan: plan, change: dryRun || plan.isEmpty ? nil : answers.nextChange)
    }

    func history(limit: Int, before: Int64?) async throws -> HistoryBody {
        try ask("history \(limit) \(before.map(String.init) ?? "-")")
        return HistoryBody(changes: [Samples.record])
    }

    func patches(tier: TierName?) async throws -> PatchListBody {
        try ask("patches \(tier?.description ?? "-")")
        return PatchListBody(patches: [Samples.patch])
    }

    func patch(_ version: PatchVersion) async throws -> PatchDetailBody {
        try ask("patch \(version)")
        return PatchDetailBody(patch: Samples.patch, files: [PatchFileRecord(file: Samples.file(), available: true)])
    }

    func importPatch(
        at path: String, as filename: String, metadata: PatchMetadata,
        progress: @escaping @Sendable (_ sent: Int64, _ total: Int64) -> Void
    ) async throws -> PatchImportBody {
        try ask("import \(filename) \((metadata.cves ?? []).joined(separator: "+"))")
        state.withLock {
            $0.uploading += 1
            $0.mostUploading = max($0.mostUploading, $0.uploading)
        }
        defer { state.withLock { $0.uploading -= 1 } }
        progress(1, 3)
        await Task.yield()
        progress(3, 3)
        let added = try answers.importing(filename)
        let name = try PatchFileName(parsing: filename)
        return PatchImportBody(file: Samples.file(name), added: added, module: "m", license: "GPL", vermagic: "v")
    }

    func coverage() async throws -> CoverageBody {
        try ask("coverage")
        return CoverageBody(answers.coverage)
    }

    func changeCoverage(_ change: CoverageChange, dryRun: Bool, ifMatch: String?) async throws -> CoverageChangeResultBody {
        try ask("\(change)\(dryRun ? " dry" : "")")
        let plan = try CoveragePlan(change, of: answers.coverage)
        return CoverageChangeResultBody(plan: plan, change: dryRun || plan.isEmpty ? nil : answers.nextChange)
    }

    func webhooks() async throws -> WebhooksBody {
        try ask("webhooks")
        return WebhooksBody(webhooks: answers.webhooks)
    }

    func addWebhook(_ url: WebhookURL, events: WebhookSubscription, secret: String?) async throws -> AddedWebhookBody {
        try ask("add webhook \(url) \(events.patterns.joined(separator: " ")) \(secret ?? "-")")
        return AddedWebhookBody(
            webhook: Webhook(id: 3, url: url, events: events, created: RecordedConsole.now),
            secret: secret ?? Samples.webhookSecret)
    }

    func removeWebhook(_ id: Int64) async throws { try ask("remove webhook \(id)") }

    func enableWebhook(_ id: Int64) async throws -> Webhook {
        try ask("enable webhook \(id)")
        return Samples.webhook
    }

    func testWebhook(_ id: Int64) async throws -> WebhookAttempt {
        try ask("test webhook \(id)")
        return answers.attempt
    }

    func webhookDeliveries(
        webhook: Int64?, state: WebhookDelivery.State?, before: Int64?, limit: Int
    ) async throws -> WebhookDeliveriesBody {
        try ask("deliveries \(webhook.map(String.init) ?? "-") \(state?.rawValue ?? "-") \(limit)")
        return WebhookDeliveriesBody(deliveries: answers.deliveries)
    }

    func retryWebhookDeliveries(_ delivery: Int64?, webhook: Int64?) async throws -> WebhookRetryResultBody {
        try ask("retry \(delivery.map(String.init) ?? "-") \(webhook.map(String.init) ?? "-")")
        return WebhookRetryResultBody(retried: 2)
    }

    func storagePatches() async throws -> StoragePatchesBody {
        try ask("storage patches")
        return StoragePatchesBody(
            files: [PatchFileRecord(file: Samples.file(), available: false)], heldBytes: 2048, freeBytes: 1 << 30)
    }

    func refreshStorage() async throws -> AsyncThrowingStream<StorageEventBody<StorageRefresh>, any Error> {
        try ask("refresh")
        return Self.stream([.progress(StorageProgress(done: 1, total: 2)), .ended(answers.refresh)])
    }

    func verifyStorage(repair: Bool) async throws -> AsyncThrowingStream<StorageEventBody<StorageVerification>, any Error> {
        try ask("verify \(repair)")
        return Self.stream([.progress(StorageProgress(done: 1, total: 2)), .ended(answers.verification)])
    }

    func collectStorage(dryRun: Bool) async throws -> AsyncThrowingStream<StorageEventBody<StorageCollection>, any Error> {
        try ask("collect \(dryRun)")
        return Self.stream([.ended(answers.collection)])
    }

    func prefetchStorage(_ tier: TierName?) async throws -> AsyncThrowingStream<StorageEventBody<StoragePrefetch>, any Error> {
        try ask("prefetch \(tier?.description ?? "all")")
        return Self.stream([.progress(StorageProgress(done: 1, total: 2)), .ended(answers.prefetch)])
    }

    func syncTokens() async throws -> SyncTokensBody {
        try ask("tokens")
        return SyncTokensBody(syncTokens: [Samples.token()])
    }

    func addSyncToken(tier: TierName, name: String, validUntil: Date?) async throws -> IssuedSyncTokenBody {
        try ask("add \(tier) \(name) \(validUntil.map(Timestamp.text) ?? "-")")
        return IssuedSyncTokenBody(
            syncToken: Samples.token(name, validUntil: validUntil), secret: Samples.secret, trustedRoots: answers.roots)
    }

    func revokeSyncToken(_ name: String) async throws { try ask("revoke \(name)") }

    func rotateSyncToken(_ name: String, overlap: Duration) async throws -> IssuedSyncTokenBody {
        try ask("rotate \(name) \(DurationText.text(overlap))")
        return IssuedSyncTokenBody(syncToken: Samples.token(name), secret: Samples.secret)
    }

    func authTokens() async throws -> AuthTokensBody {
        try ask("auth tokens")
        return AuthTokensBody(authTokens: [Samples.authToken(machineLimit: 20)])
    }

    func addAuthToken(
        id: String, tier: TierName, validUntil: Date?, machineLimit: Int?
    ) async throws -> IssuedAuthTokenBody {
        try ask("auth-token \(id) \(tier) \(validUntil.map(Timestamp.text) ?? "-") \(machineLimit.map(String.init) ?? "-")")
        return IssuedAuthTokenBody(
            authToken: Samples.authToken(id, tier: tier, validUntil: validUntil, machineLimit: machineLimit),
            secret: Samples.secret, trustedRoots: answers.roots)
    }

    func revokeAuthToken(_ id: String) async throws -> AuthTokenBody {
        try ask("revoke auth \(id)")
        return Samples.authToken(id)
    }

    func moveAuthToken(_ id: String, to tier: TierName) async throws -> AuthTokenBody {
        try ask("move auth \(id) \(tier)")
        return Samples.authToken(id, tier: tier)
    }

    func syncStatus() async throws -> SyncStatusBody {
        try ask("sync status")
        return SyncStatusBody(
            deployment: Samples.deployment, enabled: true, upstreams: ["https://up.example"], syncTiers: false,
            intervalSeconds: 3600, route: nil, filter: .all, running: nil, last: nil, lastSuccess: nil, next: nil)
    }

    func triggerSync(wait: Bool, acceptRemovals: Bool) async throws -> AsyncThrowingStream<SyncEventBody, any Error> {
        try ask("sync \(wait) \(acceptRemovals)")
        return Self.stream(answers.syncEvents)
    }

    func syncReports(limit: Int) async throws -> SyncReportsBody {
        try ask("reports \(limit)")
        return SyncReportsBody(reports: [Samples.report(.complete)])
    }

    func syncTrace(_ version: PatchVersion) async throws -> VersionTrace {
        try ask("trace \(version)")
        return answers.trace
    }

    func trust() async throws -> TrustStatus {
        try ask("trust")
        return answers.trust
    }

    func rootBasis(_ kind: TrustedRoot.Kind) async throws -> RootBasis {
        try ask("root \(kind.rawValue)")
        guard let basis = answers.rootBasis else { throw LivepatchError(.notFound, "This server does not sign it.") }
        return basis
    }

    func publishRoot(_ kind: TrustedRoot.Kind, _ body: RootBody) async throws -> TrustedRoot {
        try ask("publish \(kind.rawValue) \(body.document)")
        return TrustedRoot(
            kind: kind, signer: Samples.deployment, version: 2, fingerprint: SHA256Digest(of: Array(body.document.utf8)))
    }

    private static func stream<Event: Sendable>(_ events: [Event]) -> AsyncThrowingStream<Event, any Error> {
        AsyncThrowingStream { continuation in
            for event in events { continuation.yield(event) }
            continuation.finish()
        }
    }
}
