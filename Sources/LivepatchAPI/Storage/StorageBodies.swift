public import LivepatchKit

/// `GET /v1/admin/storage/patches`: every file of the catalogue and whether its content is there, in order of name.
public struct StoragePatchesBody: Hashable, Sendable, Codable {
    public let files: [PatchFileRecord]
    /// What goes on behind the last one, as the query parameter `cursor`; `nil` at the end.
    public let next: String?
    /// Bytes of content that are held; `nil` behind the first page.
    public let heldBytes: Int64?
    /// Bytes that can still be stored, if that can be known; `nil` behind the first page.
    public let freeBytes: Int64?

    public init(files: [PatchFileRecord], next: String? = nil, heldBytes: Int64?, freeBytes: Int64?) {
        self.files = files
        self.next = next
        self.heldBytes = heldBytes
        self.freeBytes = freeBytes
    }
}

/// `POST /v1/admin/storage/verify`
public struct StorageVerifyBody: Hashable, Sendable, Codable {
    /// Whether damaged and missing content is fetched from the upstream again.
    public let repair: Bool

    public init(repair: Bool) { self.repair = repair }
}

/// `POST /v1/admin/storage/gc`
public struct StorageCollectBody: Hashable, Sendable, Codable {
    public let dryRun: Bool

    public init(dryRun: Bool) { self.dryRun = dryRun }
}

/// `POST /v1/admin/storage/prefetch`
public struct StoragePrefetchBody: Hashable, Sendable, Codable {
    /// The tier whose machines' content is fetched; `nil` for all tiers.
    public let tier: TierName?

    public init(tier: TierName?) { self.tier = tier }
}

/// One line of the answer to work on the storage (`application/x-ndjson`): `progress` lines, then `ended` or `problem`.
public enum StorageEventBody<Result: Hashable & Sendable & Codable>: Hashable, Sendable, Codable {
    case progress(StorageProgress)
    case ended(Result)
    case problem(Problem)
}
