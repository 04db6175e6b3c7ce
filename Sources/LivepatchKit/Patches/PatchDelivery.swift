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

    public init(catalog: any Catalog, tiers: TierStateCache, storage: any PatchStorage) {
        self.catalog = catalog
        self.tiers = tiers
        self.storage = storage
    }

    /// The file of that name, if the viewer may have it.
    /// - Throws: ``LivepatchError`` with the code `not-found`: the same for a file that does not exist, one that the viewer's tier
    ///   does not offer, and one whose content is not here.
    public func file(_ name: PatchFileName, for viewer: Viewer) async throws -> PatchFile {
        let missing = LivepatchError(.notFound, "There is no patch file '\(name)'.")
        // One access for what every download asks: it is what a download costs the database, besides the token's.
        let (record, revision) = try await catalog.fileAndRevision(name)
        if case .tier(let tier) = viewer {
            guard try await tiers.current(as: revision).state.offers(name.version, in: tier) else { throw missing }
        }
        guard let record, record.available else { throw missing }
        return record.file
    }

    /// Opens the content of a file.
    /// - Throws: ``LivepatchError`` with the code `not-found` if it has gone missing; the catalogue is told.
    public func open(_ file: PatchFile) async throws -> any StoredContentReader {
        do {
            return try await storage.open(file.digest)
        } catch let error as LivepatchError where error.code == .notFound {
            try await catalog.setAvailable(false, [file.name])
            throw error
        }
    }
}
