import FoundationEssentials
import LivepatchAPI
import LivepatchHTTP
import LivepatchKit

/// The server that is administered, as the commands see it.
protocol AdministeredServer: Sendable {
    func login(user: String, password: String) async throws -> LoginBody
    func logout() async throws
    func currentSession() async throws -> SessionBody
    func sessions(of user: String?, everybody: Bool) async throws -> AdminSessionsBody
    func endSessions(_ body: SessionRevocationBody) async throws -> AdminSessionsBody

    func information() async throws -> ServerInformationBody
    func status() async throws -> ServerStatusBody
    /// What the server's clock says; `nil` if it does not tell.
    func serverTime() async throws -> Date?
    /// What it shows of itself before anything is said to it; `nil` without TLS.
    func certificate() async -> ServerCertificate?
    func diagnosis() async throws -> DiagnosisBody

    func tiers() async throws -> TierListBody
    func tierSnapshots() async throws -> TierSnapshotsBody
    func change(_ command: TierCommand, dryRun: Bool, ifMatch: String?) async throws -> ChangeResultBody
    func history(limit: Int, before: Int64?) async throws -> HistoryBody

    func patches(tier: TierName?) async throws -> PatchListBody
    func patch(_ version: PatchVersion) async throws -> PatchDetailBody
    func importPatch(
        at path: String, as filename: String, metadata: PatchMetadata,
        progress: @escaping @Sendable (_ sent: Int64, _ total: Int64) -> Void
    ) async throws -> PatchImportBody

    func coverage() async throws -> CoverageBody
    func changeCoverage(_ change: CoverageChange, dryRun: Bool, ifMatch: String?) async throws -> CoverageChangeResultBody

    func webhooks() async throws -> WebhooksBody
    func addWebhook(_ url: WebhookURL, events: WebhookSubscription, secret: String?) async throws -> AddedWebhookBody
    func removeWebhook(_ id: Int64) async throws
    func enableWebhook(_ id: Int64) async throws -> Webhook
    func testWebhook(_ id: Int64) async throws -> WebhookAttempt
    func webhookDeliveries(
        webhook: Int64?, state: WebhookDelivery.State?, before: Int64?, limit: Int
    ) async throws -> WebhookDeliveriesBody
    func retryWebhookDeliveries(_ delivery: Int64?, webhook: Int64?) async throws -> WebhookRetryResultBody

    func storagePatches() async throws -> StoragePatchesBody
    func refreshStorage() async throws -> AsyncThrowingStream<StorageEventBody<StorageRefresh>, any Error>
    func verifyStorage(repair: Bool) async throws -> AsyncThrowingStream<StorageEventBody<StorageVerification>, any Error>
    func collectStorage(dryRun: Bool) async throws -> AsyncThrowingStream<StorageEventBody<StorageCollection>, any Error>
    func prefetchStorage(_ tier: TierName?) async throws -> AsyncThrowingStream<StorageEventBody<StoragePrefetch>, any Error>

    func backup(_ body: BackupBody, take: ([UInt8]) async throws -> Void) async throws

    func syncTokens() async throws -> SyncTokensBody
    func addSyncToken(tier: TierName, name: String, validUntil: Date?) async throws -> IssuedSyncTokenBody
    func revokeSyncToken(_ name: String) async throws
    func rotateSyncToken(_ name: String, overlap: Duration) async throws -> IssuedSyncTokenBody

    func authTokens() async throws -> AuthTokensBody
    func addAuthToken(id: String, tier: TierName, validUntil: Date?, machineLimit: Int?) async throws -> IssuedAuthTokenBody
    func revokeAuthToken(_ id: String) async throws -> AuthTokenBody
    func moveAuthToken(_ id: String, to tier: TierName) async throws -> AuthTokenBody

    func syncStatus() async throws -> SyncStatusBody
    func triggerSync(wait: Bool, acceptRemovals: Bool) async throws -> AsyncThrowingStream<SyncEventBody, any Error>
    func syncReports(limit: Int) async throws -> SyncReportsBody
    func syncTrace(_ version: PatchVersion) async throws -> VersionTrace

    func trust() async throws -> TrustStatus
    func rootBasis(_ kind: TrustedRoot.Kind) async throws -> RootBasis
    func publishRoot(_ kind: TrustedRoot.Kind, _ body: RootBody) async throws -> TrustedRoot

    func fleetSummary(includeDownstream: Bool) async throws -> FleetSummaryBody
    func patchHealth(_ version: PatchVersion, tier: TierName?, includeDownstream: Bool) async throws -> PatchHealthBody
    func machines(_ query: MachineQuery, includeDownstream: Bool, after: String?, limit: Int) async throws -> MachineListBody
    func machineCount(_ query: MachineQuery, includeDownstream: Bool) async throws -> MachineCountBody
    func machine(_ reference: String, history: Int) async throws -> MachineDetailBody
    func forgetMachines(_ body: MachineForgetBody) async throws -> MachinesForgottenBody
    func tagMachine(_ reference: String, add: [String], remove: [String]) async throws -> Machine
}
