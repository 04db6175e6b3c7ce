public import FoundationEssentials
public import LivepatchKit
public import Logging

/// A whole server in the process, on stores in memory: an origin, or a downstream of another one.
///
/// ```swift
/// let origin = try await InProcessServer(id: "origin")
/// let site = try await InProcessServer(id: "site")
/// let secret = try await origin.issue("edge", "site")
/// try await origin.release("livepatch-5.15.0-107.117-generic-107.1-amd64.tar.bz2", Array("…".utf8))
/// let report = await site.sync(from: origin, secret: secret)
/// ```
public struct InProcessServer: Sendable {
    public let deployment: DeploymentID
    public let catalog: InMemoryCatalog
    public let tokens: InMemoryTokenStore
    public let storage: any PatchStorage
    public let publisher: PlainDocumentPublisher
    public let delivery: PatchDelivery
    public let issuer: TokenIssuer
    private let now: @Sendable () -> Date

    /// - Parameters:
    ///   - id: the deployment's id.
    ///   - storage: where content is kept.
    ///   - now: the current time.
    public init(
        id: String, storage: any PatchStorage = InMemoryPatchStorage(), now: @escaping @Sendable () -> Date = { Date() }
    ) async throws {
        deployment = try DeploymentID(parsing: id)
        let database = InMemoryDatabase()
        catalog = InMemoryCatalog(database)
        tokens = InMemoryTokenStore(database)
        self.storage = storage
        self.now = now
        try await catalog.setDeployment(deployment)
        let tiers = TierStateCache(catalog: catalog)
        publisher = PlainDocumentPublisher(catalog: catalog, tiers: tiers)
        delivery = PatchDelivery(catalog: catalog, tiers: tiers, storage: storage)
        issuer = TokenIssuer(tokens: tokens, now: now)
    }

    /// Releases a patch file, as an import does after it has looked into the archive.
    /// - Throws: ``LivepatchError`` with the code `patch-name-invalid`, or what storage and catalogue fail with.
    @discardableResult
    public func release(_ filename: String, _ content: [UInt8]) async throws -> PatchFile {
        let name = try PatchFileName(parsing: filename)
        let upload = try await storage.stageUpload(limit: Int64(content.count))
        try await upload.append(content)
        let stored = try await upload.seal()
        try await upload.keep()
        let file = PatchFile(name: name, length: stored.length, digest: stored.digest, released: Timestamp.wholeSecond(now()))
        _ = try await catalog.add(file, entry: ChangeEntry(time: now(), actor: "test", action: "patch import \(name)"))
        return file
    }

    /// Issues a sync token and returns its secret.
    public func issue(_ tier: String, _ name: String, validUntil: Date? = nil) async throws -> String {
        try await issuer.add(tier: try TierName(parsing: tier), name: name, validUntil: validUntil, by: "test").secret
    }

    /// The administration of this server's tiers.
    public func administration(_ authority: TierAuthority = .local) -> TierAdministration {
        TierAdministration(catalog: catalog, tokens: tokens, authority: authority, now: now)
    }

    /// Carries out a command as an administrator of a server that owns its tiers.
    @discardableResult
    public func administer(_ command: TierCommand) async throws -> Int64? {
        try await administration().carryOut(command, by: "test").change
    }

    /// This server as a downstream sees it.
    public func upstream(secret: String, for caller: DeploymentID? = nil) -> InProcessUpstream {
        InProcessUpstream(
            name: deployment.description, secret: secret, caller: caller, authority: TokenAuthority(tokens: tokens, now: now),
            publisher: publisher, delivery: delivery)
    }

    /// Syncs once from another server.
    /// - Parameters:
    ///   - request: what this server wants; all of it by default.
    ///   - retry: the patience of transfers.
    ///   - probe: what is asked before every step at the upstream; it can fail the step. A trailing closure is this one.
    ///   - falsify: what a chunk becomes on its way.
    @discardableResult
    public func sync(
        from server: InProcessServer, secret: String, request: SyncRequest? = nil, retry: RetryPolicy = RetryPolicy(attempts: 1),
        concurrency: Int = 4, probe: @escaping @Sendable (ProbedUpstream.Step) async throws -> Void = { _ in },
        falsify: ProbedUpstream.Falsifier? = nil
    ) async -> SyncReport {
        let upstream = ProbedUpstream(server.upstream(secret: secret, for: deployment), probe: probe, falsify: falsify)
        return await sync(from: upstream, request: request, retry: retry, concurrency: concurrency)
    }

    /// Syncs once from any upstream.
    @discardableResult
    public func sync(
        from upstream: any UpstreamServer, request: SyncRequest? = nil, retry: RetryPolicy = RetryPolicy(attempts: 1),
        concurrency: Int = 4, logger: Logger = Logger(label: "sync") { _ in SwiftLogNoOpLogHandler() }
    ) async -> SyncReport {
        let settings = Transfers.Settings(
            concurrency: concurrency, retry: retry, bandwidth: BandwidthLimiter(bytesPerSecond: nil))
        let resources = SyncRun.Resources(
            upstream: upstream, reader: PlainDocumentReader(upstream: upstream, cache: catalog), catalog: catalog,
            tokens: tokens, storage: storage, transfers: Transfers(upstream: upstream, storage: storage, settings: settings),
            logger: logger, now: now)
        return await SyncRun(request ?? SyncRequest(deployment: deployment), resources) { _ in }.run()
    }

    /// The patch versions that each tier offers, in tier order.
    public func offers() async throws -> [(tier: TierName, versions: [PatchVersion])] {
        let state = try await catalog.tierState().state
        return state.tiers.map { ($0, state.offered(in: $0)) }
    }
}
