/// Decides who may have which patch file.
public struct PatchDelivery: Sendable {
    /// Who asks.
    public enum Viewer: Hashable, Sendable {
        /// A downstream or a machine, with a token for a tier.
        case tier(TierName)
        /// An administrator, who may have blocked and unplaced files too.
        case administrator
    }

    private let catalog: any Catalog
    private let tiers: TierStateCache
    private let storage: any PatchStorage
    private let fetcher: ContentFetcher?
    private let mode: SyncMode

    /// - Parameters:
    ///   - fetcher: fetches what is awaited; `nil` where there is no upstream.
    ///   - mode: whether content that has gone missing is fetched when it is asked for, too.
    public init(
        catalog: any Catalog, tiers: TierStateCache, storage: any PatchStorage, fetcher: ContentFetcher? = nil,
        mode: SyncMode = .eager
    ) {
        self.catalog = catalog
        self.tiers = tiers
        self.storage = storage
        self.fetcher = fetcher
        self.mode = mode
    }

    /// The file of that name, if the viewer may have it.
    /// - Throws: ``LivepatchError`` with the code `not-found`: the same for a file that does not exist, one that the viewer's tier
    ///   does not offer, and one whose content has gone missing. One whose content is awaited is there.
    public func file(_ name: PatchFileName, for viewer: Viewer) async throws -> PatchFile {
        try await fileAndRevision(name, for: viewer).file
    }

    /// What ``file(_:for:)`` finds, and the catalogue's revision as of which that is so.
    public func fileAndRevision(
        _ name: PatchFileName, for viewer: Viewer
    ) async throws -> (file: PatchFile, revision: CatalogRevision) {
        let missing = LivepatchError(.notFound, "There is no patch file '\(name)'.")
        // One access for what every download asks: it is what a download costs the database, besides the token's.
        let (record, revision) = try await catalog.fileAndRevision(name)
        if case .tier(let tier) = viewer {
            guard try await tiers.current(as: revision).state.offers(name.version, in: tier) else { throw missing }
        }
        guard let record, record.available else { throw missing }
        return (record.file, revision)
    }

    /// Whether a tier offers a file that ``file(_:for:)`` has found as of that revision or a newer one, for whoever cannot wait.
    /// - Parameter revision: one that has just been read.
    /// - Returns: `false` as well if that is not known yet.
    public func offers(_ file: PatchFile, in tier: TierName, as revision: CatalogRevision) -> Bool {
        tiers.remembered(as: revision)?.state.offers(file.name.version, in: tier) ?? false
    }

    /// Opens the content of a file, once it is here: what is awaited is fetched first.
    /// - Throws: ``LivepatchError`` with the codes `not-found` if it has gone missing; the catalogue is told; `content-not-fetched` and
    ///   `storage-full` if it cannot be fetched.
    public func open(_ file: PatchFile) async throws -> any StoredContentReader {
        if let reader = try await held(file) { return reader }
        try await arrival(of: file).end()
        return try await storage.open(file.digest)
    }

    /// Opens the content of a file that is here.
    /// - Returns: `nil` if it is not, and ``arrival(of:)`` fetches it.
    /// - Throws: ``LivepatchError`` with the code `not-found` if it has gone missing; the catalogue is told.
    public func held(_ file: PatchFile) async throws -> (any StoredContentReader)? {
        do {
            return try await storage.open(file.digest)
        } catch let error as LivepatchError where error.code == .notFound {
            if fetcher != nil, mode == .onDemand { return nil }
            if try await catalog.file(file.name)?.isAwaited == true { return nil }
            try await catalog.setAvailable(false, [file.name])
            throw error
        }
    }

    /// The content of a file on its way here: begins to fetch it, if nobody does yet.
    /// - Throws: ``LivepatchError`` with the code `content-not-fetched`.
    public func arrival(of file: PatchFile) async throws -> ContentArrival {
        guard let fetcher else {
            throw LivepatchError(
                .contentNotFetched, "\(file.name) is not on this server yet, and it has no upstream to fetch it from.",
                suggestion: "Its administrator can set patch-sync, or apply a bundle that has the file.", retryAfter: .seconds(60)
            )
        }
        return try await fetcher.arrival(of: file)
    }

    /// Reads the whole content of a file that is here, and makes sure that it is what the file's digest says. Reading may block a
    /// thread: `work` is to run it where that does no harm.
    /// - Returns: `nil` if it is not here, and ``arrival(of:)`` fetches it.
    /// - Throws: ``LivepatchError`` as ``held(_:)`` does, and with the code `storage-damaged` if it is something else.
    public func content(
        of file: PatchFile, reading work: (@escaping @Sendable () throws -> [UInt8]?) async throws -> [UInt8]?
    ) async throws -> [UInt8]? {
        guard let reader = try await held(file) else { return nil }
        defer { reader.close() }
        let digest = file.digest
        let bytes = try await work {
            let bytes = try reader.read(at: 0, count: Int(file.length))
            return SHA256Digest(of: bytes) == digest ? bytes : nil
        }
        guard let bytes else {
            throw LivepatchError(
                .storageDamaged, "The content of '\(file.name)' is damaged: it has another digest.",
                suggestion: "Run `livepatch-admin storage verify --repair`; at an origin import the file again.")
        }
        return bytes
    }
}
