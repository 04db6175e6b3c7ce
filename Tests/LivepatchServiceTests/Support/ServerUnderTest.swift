import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import LivepatchAPI
import LivepatchArchive
import LivepatchKit
import LivepatchTesting
import Logging
import MetricsTestKit
import NIOCore
import Synchronization

@testable import LivepatchService

/// A server in memory, with tiers a → b → c, an administrator and a token for each tier.
struct ServerUnderTest: Sendable {
    let database = InMemoryDatabase()
    let catalog: any Catalog
    let tokens: InMemoryTokenStore
    let accounts: InMemoryAccountStore
    let reports: InMemorySyncReportStore
    let storage: InMemoryPatchStorage
    let metrics = TestMetrics()
    let issuer: TokenIssuer
    let webhookSecrets = InMemoryWebhookSecrets()
    /// Where webhooks' messages go.
    let receiver = InMemoryReceiver()
    let log = CapturedLog()
    let clock = TestTime()
    var parts: ServerParts
    var options = ServerOptions(maximumUploadSize: 4096, heartbeat: .milliseconds(50))

    static let user = "alice"
    static let password = "correct horse"
    /// One for each role besides ``user``, who has the role admin.
    static let configuredAccounts = [
        Account(user: user, passwordHash: "hash of \(password)"),
        Account(user: "reader", passwordHash: "hash of \(password)", role: .read),
        Account(user: "operator", passwordHash: "hash of \(password)", role: .operate),
    ]
    static let machineKey = [UInt8](repeating: 7, count: 32)

    /// - Parameters:
    ///   - upstream: the upstream that owns the tiers; `nil` for an origin.
    ///   - sync: what the server's syncs do; `nil` for a server that does not sync.
    init(
        storage: InMemoryPatchStorage = InMemoryPatchStorage(), upstream: String? = nil,
        archive: any PatchArchiveReader = RefusingArchiveReader(),
        sync: (@Sendable (Bool, @escaping @Sendable (SyncProgress) -> Void) async throws -> SyncReport)? = nil
    ) async throws {
        let clock = clock
        let now: @Sendable () -> Date = { clock.now }
        self.storage = storage
        catalog = InMemoryCatalog(database)
        tokens = InMemoryTokenStore(database)
        accounts = InMemoryAccountStore(database)
        reports = InMemorySyncReportStore(database)
        issuer = TokenIssuer(tokens: tokens, now: now)
        let tiers = TierStateCache(catalog: catalog)
        let lock = NoLock()
        let authority: TierAuthority = upstream.map { .upstream($0) } ?? .local
        let imports = PatchImport(
            catalog: catalog, storage: storage, archive: archive, lock: lock, limits: PatchArchiveLimits(archiveBytes: 4096),
            upstream: upstream, now: now)
        let coordinator = sync.map { [reports] run in
            SyncCoordinator(syncLock: lock, storageLock: lock, reports: reports, now: now, run: run)
        }
        let coverage = InMemoryCoverageStore(database)
        let publisher = PlainDocumentPublisher(catalog: catalog, tiers: tiers, coverage: coverage)
        let kernels = KernelSupportAuthority(catalog: catalog, tiers: tiers, coverage: coverage)
        let deployment = try await catalog.deployment()
        let machines = MachineParts(
            store: InMemoryMachineStore(database), authTokens: InMemoryAuthTokenStore(database), catalog: catalog,
            tiers: tiers,
            key: Self.machineKey, support: kernels, url: { Paths.patchFile($0) }, interval: .seconds(3600),
            logger: log.logger(label: "machines"), metrics: metrics, now: now)
        let fleet = InMemoryFleetStore(database, machines: machines.store)
        parts = ServerParts(
            deployment: deployment, started: clock.now, catalog: catalog, storage: storage,
            tokens: tokens, tiers: tiers, publisher: publisher,
            watch: ViewWatch(publisher: publisher, news: { [database] in InMemoryCatalog(database).changes() }),
            delivery: PatchDelivery(catalog: catalog, tiers: tiers, storage: storage),
            tokenAuthority: TokenAuthority(tokens: tokens, now: now), tokenIssuer: issuer,
            accounts: AccountAuthority(
                store: accounts,
                configured: { Self.configuredAccounts },
                verifier: PlainVerifier(),
                logins: LoginGuard(
                    store: InMemoryLoginHistoryStore(database), logger: log.logger(label: "logins"), now: now), now: now),
            administration: TierAdministration(
                catalog: catalog, tokens: tokens, authTokens: InMemoryAuthTokenStore(database), authority: authority, now: now),
            authority: authority, imports: imports,
            care: StorageCare(catalog: catalog, storage: storage, lock: lock, intake: nil, repairs: nil, now: now),
            prefetch: PrefetchRun(catalog: catalog, tiers: tiers, storage: storage, fetcher: nil, concurrency: 2),
            sync: SyncStatus(
                settings: .init(
                    upstreams: upstream.map { [$0] } ?? [], mirrorsTiers: upstream != nil, interval: .seconds(3600), filter: .all),
                coordinator: coordinator, reports: reports, appointment: SyncAppointment(), catalog: catalog),
            trace: TraceWalk(
                deployment: deployment, catalog: catalog, tiers: tiers, reports: reports, upstream: nil, now: now),
            trust: TrustInspection(deployment: deployment, catalog: catalog, tiers: tiers, publisher: publisher, now: now),
            roots: RootAdministration(
                publisher: MetadataPublisher(
                    catalog: catalog, tiers: tiers, storage: InMemoryTrustStorage(), keys: InMemoryTrustKeyStore(),
                    place: { .top }, now: now), catalog: catalog, now: now),
            machines: machines,
            fleet: FleetParts(
                store: fleet,
                census: FleetCensus(store: fleet, catalog: catalog, tiers: tiers, silentAfter: .seconds(10_800), now: now),
                machines: machines, catalog: catalog, deployment: deployment, keepsReports: true,
                logger: log.logger(label: "fleet"), now: now),
            coverage: CoverageAdministration(store: coverage, catalog: catalog, now: now),
            kernels: kernels,
            webhooks: WebhookAdministration(
                store: InMemoryWebhookStore(database), secrets: webhookSecrets,
                courier: WebhookCourier(
                    store: InMemoryWebhookStore(database), secrets: webhookSecrets, transport: receiver,
                    logger: log.logger(label: "webhooks"), now: now), catalog: catalog, reports: reports, now: now),
            keeping: KeepingParts(
                backups: BackupTaking(
                    deployment: deployment, release: "0.0.0", files: [InMemoryBackupPart([(.database, Array("rows".utf8))])],
                    keys: InMemoryBackupPart([(.key("a.key"), Array("secret".utf8))]), storage: storage, lock: lock, now: now),
                archive: { TarBundleWriter(modified: Date(timeIntervalSince1970: 0), write: $0) },
                examination: ServerExamination(
                    deployment: deployment, started: clock.now, catalog: catalog, storage: storage,
                    volumes: { [.init(name: "data", freeBytes: 1 << 40, totalBytes: 2 << 40)] },
                    database: { .init(bytes: 4, damage: []) }, upstreams: [], now: now)),
            repeats: RepeatedChanges(store: InMemoryRepeatStore(database), now: now),
            security: SecurityLog(logger: log.logger(label: "security")), now: now)
    }

    /// Has the server show signed metadata.
    mutating func show(_ publisher: any DocumentPublisher) {
        let clock = clock
        parts.publisher = publisher
        parts.trust = TrustInspection(
            deployment: parts.deployment, catalog: catalog, tiers: parts.tiers, publisher: publisher, now: { clock.now })
    }

    var application: Application<RouterResponder<ServiceRequestContext>> {
        Application(responder: ServerRoutes.responder(parts, options), logger: log.logger(label: "server"))
    }

    // MARK: Setting the scene

    /// Adds a file whose content is the given bytes, and promotes its version to a tier; `nil` leaves it in the first.
    @discardableResult
    func add(_ name: String, _ bytes: [UInt8] = Array("content".utf8), upTo tier: String? = nil) async throws -> PatchFile {
        let content = storage.put(bytes)
        let file = PatchFile(
            name: try PatchFileName(parsing: name), length: content.length, digest: content.digest,
            released: Timestamp.wholeSecond(clock.now))
        _ = try await catalog.add(file, entry: ChangeEntry(time: clock.now, actor: "test", action: "add"))
        if let tier {
            let command = TierCommand.promote(version: file.name.version, tier: try TierName(parsing: tier))
            _ = try await parts.administration.carryOut(command, by: "test")
        }
        return file
    }

    /// A secret for a tier.
    func secret(_ tier: String, name: String? = nil, validUntil: Date? = nil) async throws -> String {
        try await issuer.add(
            tier: try TierName(parsing: tier), name: name ?? "token-\(tier)", validUntil: validUntil, by: "test"
        ).secret
    }

    /// The secret of a new auth token for a tier.
    func authToken(
        _ tier: String, id: String? = nil, validUntil: Date? = nil, machineLimit: Int? = nil
    ) async throws -> String {
        try await parts.machines.issuer.add(
            id ?? "auth-\(tier)", tier: try TierName(parsing: tier), validUntil: validUntil, machineLimit: machineLimit,
            by: "test"
        ).secret
    }

    /// The token of a machine that is attached to a tier.
    func machine(_ id: String, in tier: String) async throws -> String {
        let secret = try await authToken(tier, id: "auth of \(id) for \(tier)")
        guard
            case .registered(let registration) = try await parts.machines.registrar.register(MachineID(parsing: id), with: secret)
        else { throw MachineRegistrar.refusal }
        return registration.secret
    }

    /// A session's token.
    func session(_ role: AdministratorRole = .admin) async throws -> String {
        let user = Self.configuredAccounts.first { $0.role == role }?.user ?? Self.user
        return try await parts.accounts.login(user: user, password: Self.password).token
    }
}

/// A client's request with less ceremony.
extension TestClientProtocol {
    func send(
        _ method: HTTPRequest.Method = .get, _ path: String, token: String? = nil, headers: HTTPFields = [:],
        body: [UInt8]? = nil
    ) async throws -> TestResponse {
        var headers = headers
        if let token { headers[.authorization] = "Bearer \(token)" }
        return try await execute(uri: path, method: method, headers: headers, body: body.map { ByteBuffer(bytes: $0) })
    }

    func post(_ path: String, _ body: some Encodable, token: String) async throws -> TestResponse {
        try await send(.post, path, token: token, body: DocumentCoding.encode(body))
    }
}

extension TestResponse {
    var bytes: [UInt8] { Array(buffer: body) }
    var text: String { String(buffer: body) }
    func decoded<Value: Decodable>(_ type: Value.Type) throws -> Value { try DocumentCoding.decode(type, from: bytes) }
    var problem: Problem? { try? decoded(Problem.self) }

    /// Everything that a caller could tell answers apart by.
    var fingerprint: String {
        let fields = headers.filter { $0.name != .date }.map { "\($0.name.rawName): \($0.value)" }.sorted().joined(
            separator: "\n")
        // The id of a trace is another one for each request, whatever is asked.
        return "\(status.code)\n\(fields)\n\n\(text.replacing(/"trace":"[0-9a-f]{32}"/, with: "TRACE"))"
    }
}

/// Checks passwords without the work.
struct PlainVerifier: PasswordVerifier {
    func verify(_ password: String, against hash: String) async -> Bool { hash == "hash of \(password)" }
}

/// A time that passes when told to.
final class TestTime: Sendable {
    private let date = Mutex(Date(timeIntervalSince1970: 1_750_000_000))
    var now: Date { date.withLock { $0 } }
    func pass(_ seconds: TimeInterval) { date.withLock { $0 = $0.addingTimeInterval(seconds) } }
}

struct NoLock: StorageLock {
    func withShared<Value>(_ body: () async throws -> Value) async throws -> Value { try await body() }
    func withExclusive<Value>(_ body: () async throws -> Value) async throws -> Value { try await body() }
    func tryExclusive<Value>(_ body: () async throws -> Value) async throws -> Value? { try await body() }
}

struct RefusingArchiveReader: PatchArchiveReader {
    func contents(of archive: any StoredContentReader, limits: PatchArchiveLimits) throws -> PatchArchiveContents {
        throw LivepatchError(.patchArchiveInvalid, "It is not a tarball.")
    }
}
