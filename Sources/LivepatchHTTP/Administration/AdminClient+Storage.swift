public import LivepatchAPI
public import LivepatchKit
import NIOHTTP1

extension AdminClient {
    /// The lines of work on the storage: `progress`, and at last `ended`. A `problem` is thrown instead.
    public typealias StorageEvents<Result: Hashable & Sendable & Codable> = AsyncThrowingStream<
        StorageEventBody<Result>, any Error
    >

    /// `GET /v1/admin/storage/patches`: all of them.
    public func storagePatches() async throws -> StoragePatchesBody {
        let pages = try await pages(Paths.storagePatches, StoragePatchesBody.self, \.next)
        return StoragePatchesBody(
            files: pages.flatMap(\.files), heldBytes: pages.first?.heldBytes, freeBytes: pages.first?.freeBytes)
    }

    /// `POST /v1/admin/storage/refresh`: reconciles drop folder, storage and catalogue.
    public func refreshStorage() async throws -> StorageEvents<StorageRefresh> {
        try await storageEvents(request(.POST, Paths.storageRefresh))
    }

    /// `POST /v1/admin/storage/verify`: hashes everything again.
    public func verifyStorage(repair: Bool) async throws -> StorageEvents<StorageVerification> {
        try await storageEvents(request(.POST, Paths.storageVerify, body: StorageVerifyBody(repair: repair)))
    }

    /// `POST /v1/admin/storage/gc`: removes what nothing needs any more.
    public func collectStorage(dryRun: Bool) async throws -> StorageEvents<StorageCollection> {
        try await storageEvents(request(.POST, Paths.storageCollect, body: StorageCollectBody(dryRun: dryRun)))
    }

    /// `POST /v1/admin/storage/prefetch`: fetches what the machines of a tier, or of all, would ask for.
    public func prefetchStorage(_ tier: TierName?) async throws -> StorageEvents<StoragePrefetch> {
        try await storageEvents(request(.POST, Paths.storagePrefetch, body: StoragePrefetchBody(tier: tier)))
    }
}
