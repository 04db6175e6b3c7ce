import Hummingbird
import LivepatchAPI
import LivepatchKit
import LivepatchTracing

/// The storage, for administrators.
struct StorageRoutes: Sendable {
    let catalog: any Catalog
    let storage: any PatchStorage
    let care: StorageCare
    let prefetch: PrefetchRun
    let security: SecurityLog
    /// How long a stream is silent at most while work goes on.
    let heartbeat: Duration

    func add(to routes: Routes) {
        routes.on(.get, Paths.storagePatches, for: .administrators(.read), patches)
        routes.on(.post, Paths.storageRefresh, for: .administrators(.operate), refresh)
        routes.on(.post, Paths.storageVerify, for: .administrators(.operate), verify)
        routes.on(.post, Paths.storageCollect, for: .administrators(.operate), collect)
        routes.on(.post, Paths.storagePrefetch, for: .administrators(.operate), fetchAhead)
    }

    @Sendable private func patches(_ request: Request, _ context: ServiceRequestContext) async throws -> Response {
        var files: [PatchFileRecord] = []
        for version in try await catalog.versions() { files += try await catalog.files(of: version.version) }
        let wanted = try PageRequest(request)
        let (page, next) = try wanted.page(of: files.sorted { $0.file.name < $1.file.name }, inOrderOf: \.file.name)
        guard wanted.after == nil else {
            return try Answers.json(StoragePatchesBody(files: page, next: next, heldBytes: nil, freeBytes: nil))
        }
        var held: Int64 = 0
        for try await content in try await storage.contents() { held += content.length }
        return try Answers.json(
            StoragePatchesBody(files: page, next: next, heldBytes: held, freeBytes: try await storage.freeBytes()))
    }

    @Sendable private func refresh(_ request: Request, _ context: ServiceRequestContext) async throws -> Response {
        let user = try context.administrator().user
        security.record(.administration("storage refresh", by: user), request)
        return work { [care] progress in try await care.refresh(by: user, progress: progress) }
    }

    @Sendable private func verify(_ request: Request, _ context: ServiceRequestContext) async throws -> Response {
        let user = try context.administrator().user
        let body = try await RequestReading.body(StorageVerifyBody.self, of: request)
        security.record(.administration("storage verify\(body.repair ? " --repair" : "")", by: user), request)
        return work { [care] progress in try await care.verify(repair: body.repair, by: user, progress: progress) }
    }

    @Sendable private func collect(_ request: Request, _ context: ServiceRequestContext) async throws -> Response {
        let user = try context.administrator().user
        let body = try await RequestReading.body(StorageCollectBody.self, of: request)
        security.record(.administration("storage gc\(body.dryRun ? " --dry-run" : "")", by: user), request)
        return work { [care] progress in try await care.collect(dryRun: body.dryRun, by: user, progress: progress) }
    }

    @Sendable private func fetchAhead(_ request: Request, _ context: ServiceRequestContext) async throws -> Response {
        let user = try context.administrator().user
        let body = try await RequestReading.body(StoragePrefetchBody.self, of: request)
        let tier = body.tier.map { " --tier \($0)" } ?? ""
        security.record(.administration("storage prefetch\(tier)", by: user), request)
        return work { [prefetch] progress in try await prefetch.run(body.tier, progress: progress) }
    }

    /// Work that is told as it goes on, and given up when nobody listens any more: nobody would learn of its outcome.
    private func work<Result: Hashable & Sendable & Codable>(
        _ work: @escaping @Sendable (@escaping @Sendable (StorageProgress) -> Void) async throws -> Result
    ) -> Response {
        let feed = LineFeed<StorageEventBody<Result>>(heartbeat: heartbeat)
        feed.progress(.progress(StorageProgress()))
        let task = Task {
            do {
                feed.end(.ended(try await work { feed.progress(.progress($0)) }))
            } catch {
                feed.end(.problem(Problem(LivepatchError(told: error), trace: TracePropagation.current?.traceID)))
            }
        }
        feed.onLeave { task.cancel() }
        return LineStream.answer(feed)
    }
}

extension LivepatchError {
    /// The error as it is told in a stream that has begun.
    init(told error: any Error) {
        switch error {
        case let error as LivepatchError: self = error
        case is CancellationError: self.init(.cancelled, "The work was cancelled.", suggestion: "Begin it again.")
        default: self.init(.internalFault, "The work failed in a way that nobody foresaw.", cause: error)
        }
    }
}
